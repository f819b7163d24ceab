/* sluice_metrics: a location that answers with what the limits counted, as text for Prometheus. Counters are in the
 * zone, so any worker answers for all. */
#include "hosts/nginx/ngx_http_sluice.h"

static void free_metrics(void* data) { sluice_metrics_free(data); }

/* They live as long as the request, whose output points into them. */
static ngx_int_t read_metrics(ngx_http_request_t* r, sluice_metrics_values* values) {
  ngx_http_sluice_main_conf_t* mcf = ngx_http_get_module_main_conf(r, ngx_http_sluice_module);
  ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, 0);
  sluice_now now = ngx_http_sluice_now();
  sluice_metrics* metrics = NULL;

  if (cleanup == NULL) return NGX_ERROR;
  if (sluice_gateway_metrics(mcf->worker.gateway, &now, &metrics) != SLUICE_OK) return NGX_ERROR;
  cleanup->handler = free_metrics;
  cleanup->data = metrics;
  ngx_memzero(values, sizeof(*values));
  values->struct_size = sizeof(*values);
  return sluice_metrics_read(metrics, values) == SLUICE_OK ? NGX_OK : NGX_ERROR;
}

static ngx_int_t metrics_handler(ngx_http_request_t* r) {
  sluice_metrics_values values;
  ngx_int_t rc;

  if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) return NGX_HTTP_NOT_ALLOWED;
  rc = ngx_http_discard_request_body(r);
  if (rc != NGX_OK) return rc;
  if (read_metrics(r, &values) != NGX_OK) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  ngx_str_set(&r->headers_out.content_type, "text/plain; version=0.0.4");
  r->headers_out.content_type_len = r->headers_out.content_type.len;
  r->headers_out.status = NGX_HTTP_OK;
  r->headers_out.content_length_n = (off_t)values.prometheus.size;
  rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
  return ngx_http_sluice_send_body(r, values.prometheus);
}

/* The policy may stand behind this directive: that there is one is checked when locations are merged. */
char* ngx_http_sluice_metrics(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
  ngx_http_core_loc_conf_t* clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
  ngx_http_sluice_loc_conf_t* lcf = conf;

  lcf->metrics = 1;
  clcf->handler = metrics_handler;
  return NGX_CONF_OK;
}
