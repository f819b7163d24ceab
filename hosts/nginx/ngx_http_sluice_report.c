/* The log phase: tells the gateway what came of the request. */
#include "hosts/nginx/ngx_http_sluice.h"

#define NGX_HTTP_SLUICE_NEVER ((ngx_msec_t)-1) /* how nginx notes a step of an upstream that did not happen */

/* What the client got; 0: it went away first. */
static uint32_t status_of(const ngx_http_request_t* r) {
  const ngx_uint_t status = r->err_status != 0 ? r->err_status : r->headers_out.status;
  return status == NGX_HTTP_CLIENT_CLOSED_REQUEST ? 0 : (uint32_t)status;
}

/* Why the last upstream that was tried gave no answer. */
static const char* upstream_error(const ngx_http_request_t* r) {
  const ngx_http_upstream_state_t* last;

  if (r->upstream_states == NULL || r->upstream_states->nelts == 0) return "";
  last = (const ngx_http_upstream_state_t*)r->upstream_states->elts + r->upstream_states->nelts - 1;
  if (last->status == NGX_HTTP_GATEWAY_TIME_OUT) return "timeout";
  if (last->status != NGX_HTTP_BAD_GATEWAY || last->header_time != NGX_HTTP_SLUICE_NEVER) return "";
  return last->connect_time == NGX_HTTP_SLUICE_NEVER ? "connect" : "reset";
}

ngx_int_t ngx_http_sluice_log_handler(ngx_http_request_t* r) {
  ngx_http_sluice_ctx_t* ctx;
  sluice_outcome outcome = {0};
  sluice_now now;

  if (r != r->main) return NGX_OK;
  ctx = ngx_http_sluice_get_ctx(r);
  if (ctx == NULL || !ctx->is_decided) return NGX_OK;
  now = ngx_http_sluice_now();
  outcome.struct_size = sizeof outcome;
  outcome.status = status_of(r);
  outcome.latency_ns = now.mono_ns - ctx->begun_ns;
  outcome.error.data = upstream_error(r);
  outcome.error.size = ngx_strlen(outcome.error.data);
  sluice_txn_report(ctx->txn, &outcome, &now, NULL);
  return NGX_OK;
}
