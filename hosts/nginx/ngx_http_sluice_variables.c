/* The decision as nginx variables, for proxy_pass, proxy_set_header and logs. Empty where Sluice has not decided. */
#include "hosts/nginx/ngx_http_sluice.h"

static const sluice_decision* decision_of(ngx_http_request_t* r) {
  const ngx_http_sluice_ctx_t* ctx = ngx_http_sluice_get_ctx(r);
  return ctx != NULL && ctx->is_decided ? &ctx->decision : NULL;
}

static ngx_int_t give(ngx_http_variable_value_t* v, const u_char* data, size_t size) {
  v->data = (u_char*)data;
  v->len = size;
  v->valid = 1;
  v->no_cacheable = 0;
  v->not_found = data == NULL;
  return NGX_OK;
}

/* `data` is the offset of a sluice_str in the decision. */
static ngx_int_t get_text(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t data) {
  const sluice_decision* decision = decision_of(r);
  sluice_str text = {NULL, 0};

  if (decision != NULL) text = *(const sluice_str*)((const char*)decision + data);
  return give(v, (const u_char*)text.data, text.size);
}

/* `data` is the offset of a uint32_t in the decision. */
static ngx_int_t get_number(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t data) {
  const sluice_decision* decision = decision_of(r);
  u_char* text;

  if (decision == NULL) return give(v, NULL, 0);
  text = ngx_pnalloc(r->pool, NGX_INT32_LEN);
  if (text == NULL) return NGX_ERROR;
  return give(v, text, ngx_sprintf(text, "%uD", *(const uint32_t*)((const char*)decision + data)) - text);
}

static ngx_int_t get_action(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t data) {
  const sluice_decision* decision = decision_of(r);
  const char* action = NULL;

  if (decision != NULL) action = decision->action == SLUICE_ACTION_FORWARD ? "forward" : "respond";
  return give(v, (const u_char*)action, action != NULL ? ngx_strlen(action) : 0);
}

/* "scheme://host:port", an IPv6 address in brackets; empty when there is no upstream. */
static ngx_int_t get_upstream(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t data) {
  const sluice_decision* decision = decision_of(r);
  ngx_str_t scheme, host;
  ngx_uint_t ipv6;
  u_char* text;

  if (decision == NULL || decision->upstream_host.size == 0) return give(v, NULL, 0);
  scheme = ngx_http_sluice_ngx_str(decision->upstream_scheme);
  host = ngx_http_sluice_ngx_str(decision->upstream_host);
  ipv6 = host.data[0] != '[' && ngx_strlchr(host.data, host.data + host.len, ':') != NULL;
  text = ngx_pnalloc(r->pool, scheme.len + host.len + sizeof "://[]:65535");
  if (text == NULL) return NGX_ERROR;
  return give(
      v, text,
      ngx_sprintf(text, "%V://%s%V%s:%uD", &scheme, ipv6 ? "[" : "", &host, ipv6 ? "]" : "", decision->upstream_port) -
          text);
}

/* nginx takes an upstream's time-outs from the location's configuration, which has no room for variables. When the
 * proxy module asks for Host it is building the request to the upstream and has just set `conf`: from there on this
 * request has a copy of it, with the policy's figures. */
static ngx_int_t apply_timeouts(ngx_http_sluice_ctx_t* ctx, ngx_http_upstream_t* upstream) {
  const sluice_decision* decision = &ctx->decision;
  ngx_http_upstream_conf_t* copy;

  if (upstream == NULL || upstream->conf == NULL || upstream->conf == ctx->upstream_conf) return NGX_OK;
  copy = ngx_palloc(ctx->request->pool, sizeof(ngx_http_upstream_conf_t));
  if (copy == NULL) return NGX_ERROR;
  *copy = *upstream->conf;
  if (decision->connect_timeout_ms != 0) copy->connect_timeout = decision->connect_timeout_ms;
  if (decision->send_timeout_ms != 0) copy->send_timeout = decision->send_timeout_ms;
  if (decision->read_timeout_ms != 0) copy->read_timeout = decision->read_timeout_ms;
  copy->next_upstream_tries = decision->retries + 1;
  ctx->upstream_conf = copy;
  upstream->conf = copy;
  return NGX_OK;
}

static ngx_int_t get_host_header(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t data) {
  ngx_http_sluice_ctx_t* ctx = ngx_http_sluice_get_ctx(r);

  if (r == r->main && ctx != NULL && ctx->is_decided && apply_timeouts(ctx, r->upstream) != NGX_OK) return NGX_ERROR;
  return get_text(r, v, offsetof(sluice_decision, upstream_host_header));
}

#define NGX_HTTP_SLUICE_TEXT(name, field) \
  { ngx_string(name), NULL, get_text, offsetof(sluice_decision, field), NGX_HTTP_VAR_NOCACHEABLE, 0 }
#define NGX_HTTP_SLUICE_NUMBER(name, field) \
  { ngx_string(name), NULL, get_number, offsetof(sluice_decision, field), NGX_HTTP_VAR_NOCACHEABLE, 0 }

static ngx_http_variable_t variables[] = {
    NGX_HTTP_SLUICE_TEXT("sluice_reason", reason),
    NGX_HTTP_SLUICE_TEXT("sluice_route", route),
    NGX_HTTP_SLUICE_TEXT("sluice_service", service),
    NGX_HTTP_SLUICE_TEXT("sluice_consumer", consumer),
    NGX_HTTP_SLUICE_TEXT("sluice_plan", plan),
    NGX_HTTP_SLUICE_TEXT("sluice_client_ip", client_ip),
    NGX_HTTP_SLUICE_TEXT("sluice_upstream_name", upstream_name),
    NGX_HTTP_SLUICE_TEXT("sluice_upstream_scheme", upstream_scheme),
    NGX_HTTP_SLUICE_TEXT("sluice_upstream_host", upstream_host),
    NGX_HTTP_SLUICE_NUMBER("sluice_upstream_port", upstream_port),
    NGX_HTTP_SLUICE_TEXT("sluice_upstream_uri", upstream_path),
    NGX_HTTP_SLUICE_NUMBER("sluice_connect_timeout_ms", connect_timeout_ms),
    NGX_HTTP_SLUICE_NUMBER("sluice_send_timeout_ms", send_timeout_ms),
    NGX_HTTP_SLUICE_NUMBER("sluice_read_timeout_ms", read_timeout_ms),
    {ngx_string("sluice_action"), NULL, get_action, 0, NGX_HTTP_VAR_NOCACHEABLE, 0},
    {ngx_string("sluice_upstream"), NULL, get_upstream, 0, NGX_HTTP_VAR_NOCACHEABLE, 0},
    {ngx_string("sluice_host_header"), NULL, get_host_header, 0, NGX_HTTP_VAR_NOCACHEABLE, 0},
    ngx_http_null_variable};

ngx_int_t ngx_http_sluice_add_variables(ngx_conf_t* cf) {
  ngx_http_variable_t* v;

  for (v = variables; v->name.len != 0; v++) {
    ngx_http_variable_t* added = ngx_http_add_variable(cf, &v->name, v->flags);
    if (added == NULL) return NGX_ERROR;
    added->get_handler = v->get_handler;
    added->data = v->data;
  }
  return NGX_OK;
}
