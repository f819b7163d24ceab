/* sluice_public_keys: a location that answers with the public keys of a key set of the policy, as a JWK set. */
#include "hosts/nginx/ngx_http_sluice.h"

/* The text in the request's pool; data is NULL if there is none. */
static sluice_str public_keys(ngx_http_request_t* r, sluice_gateway* gateway, ngx_str_t key_set) {
  sluice_str text = {NULL, 0};
  char* buffer;

  if (sluice_gateway_public_keys(gateway, ngx_http_sluice_str(key_set), NULL, 0, &text.size) != SLUICE_E_BUFFER)
    return text;
  buffer = ngx_pnalloc(r->pool, text.size);
  if (buffer != NULL &&
      sluice_gateway_public_keys(gateway, ngx_http_sluice_str(key_set), buffer, text.size, &text.size) == SLUICE_OK)
    text.data = buffer;
  return text;
}

static ngx_int_t public_keys_handler(ngx_http_request_t* r) {
  ngx_http_sluice_main_conf_t* mcf = ngx_http_get_module_main_conf(r, ngx_http_sluice_module);
  ngx_http_sluice_loc_conf_t* lcf = ngx_http_get_module_loc_conf(r, ngx_http_sluice_module);
  sluice_str text;
  ngx_int_t rc;

  if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) return NGX_HTTP_NOT_ALLOWED;
  rc = ngx_http_discard_request_body(r);
  if (rc != NGX_OK) return rc;
  text = public_keys(r, mcf->worker.gateway, lcf->key_set);
  if (text.data == NULL) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  ngx_str_set(&r->headers_out.content_type, "application/json");
  r->headers_out.content_type_len = r->headers_out.content_type.len;
  r->headers_out.status = NGX_HTTP_OK;
  r->headers_out.content_length_n = (off_t)text.size;
  rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
  return ngx_http_sluice_send_body(r, text);
}

/* Once there is a gateway to ask. */
ngx_int_t ngx_http_sluice_check_key_sets(const ngx_http_sluice_main_conf_t* mcf, sluice_gateway* gateway,
                                         ngx_log_t* log) {
  const ngx_str_t* names = mcf->key_sets.elts;
  ngx_uint_t i;
  size_t size;

  for (i = 0; i < mcf->key_sets.nelts; ++i) {
    if (sluice_gateway_public_keys(gateway, ngx_http_sluice_str(names[i]), NULL, 0, &size) == SLUICE_E_BUFFER) continue;
    ngx_log_error(NGX_LOG_EMERG, log, 0, "\"sluice_public_keys\" names \"%V\", which is none of the policy's key_sets",
                  &names[i]);
    return NGX_ERROR;
  }
  return NGX_OK;
}

char* ngx_http_sluice_public_keys(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
  ngx_http_sluice_main_conf_t* mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_sluice_module);
  ngx_http_core_loc_conf_t* clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
  ngx_http_sluice_loc_conf_t* lcf = conf;
  ngx_str_t* name;

  if (lcf->key_set.data != NULL) return "is duplicate";
  if (mcf->key_sets.elts == NULL && ngx_array_init(&mcf->key_sets, cf->pool, 1, sizeof(ngx_str_t)) != NGX_OK)
    return NGX_CONF_ERROR;
  name = ngx_array_push(&mcf->key_sets);
  if (name == NULL) return NGX_CONF_ERROR;
  *name = lcf->key_set = ((ngx_str_t*)cf->args->elts)[1];
  clcf->handler = public_keys_handler;
  return NGX_CONF_OK;
}
