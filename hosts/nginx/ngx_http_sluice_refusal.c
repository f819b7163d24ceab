/* The answer to a request that is not forwarded: status, headers and body are the decision's. */
#include "hosts/nginx/ngx_http_sluice.h"

static const ngx_str_t none = ngx_string("-");

static ngx_str_t or_none(sluice_str text) { return text.size == 0 ? none : ngx_http_sluice_ngx_str(text); }

static void log_refusal(ngx_http_request_t* r, const sluice_decision* decision) {
  const ngx_str_t reason = or_none(decision->reason);
  const ngx_str_t route = or_none(decision->route);
  const ngx_str_t consumer = or_none(decision->consumer);

  ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "sluice answers %uD, reason: %V, route: %V, consumer: %V",
                decision->status, &reason, &route, &consumer);
}

ngx_int_t ngx_http_sluice_send_body(ngx_http_request_t* r, sluice_str body) {
  ngx_buf_t* buf = ngx_calloc_buf(r->pool);
  ngx_chain_t out;

  if (buf == NULL) return NGX_ERROR;
  buf->pos = (u_char*)body.data;
  buf->last = buf->pos + body.size;
  buf->memory = body.size > 0;
  buf->last_buf = 1;
  out.buf = buf;
  out.next = NULL;
  return ngx_http_output_filter(r, &out);
}

/* Sends it and ends the request; error_page and `satisfy` have no say. */
ngx_int_t ngx_http_sluice_refuse(ngx_http_sluice_ctx_t* ctx) {
  ngx_http_request_t* r = ctx->request;
  const sluice_decision* decision = &ctx->decision;
  ngx_int_t rc = ngx_http_discard_request_body(r);

  if (rc != NGX_OK) return rc;
  log_refusal(r, decision);
  r->headers_out.status = decision->status;
  r->headers_out.content_length_n = (off_t)decision->body.size;
  rc = ngx_http_send_header(r);
  if (rc == NGX_OK && !r->header_only) rc = ngx_http_sluice_send_body(r, decision->body);
  ngx_http_finalize_request(r, rc);
  return NGX_DONE;
}
