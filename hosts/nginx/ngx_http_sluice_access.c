/* The access phase: begin, then wait or enforce. A request is decided once, by its main request, whatever redirects
 * happen inside nginx afterwards. */
#include "hosts/nginx/ngx_http_sluice.h"

static void cleanup_ctx(void* data) { ngx_http_sluice_release(data); }

/* Internal redirects clear a request's module contexts; its pool remembers ours. */
ngx_http_sluice_ctx_t* ngx_http_sluice_get_ctx(ngx_http_request_t* r) {
  ngx_http_sluice_ctx_t* ctx = ngx_http_get_module_ctx(r->main, ngx_http_sluice_module);
  ngx_pool_cleanup_t* cleanup;

  if (ctx != NULL || (!r->main->internal && !r->main->filter_finalize)) return ctx;
  for (cleanup = r->main->pool->cleanup; cleanup != NULL; cleanup = cleanup->next) {
    if (cleanup->handler == cleanup_ctx) {
      ngx_http_set_ctx(r->main, cleanup->data, ngx_http_sluice_module);
      return cleanup->data;
    }
  }
  return NULL;
}

static ngx_http_sluice_worker_t* this_worker(ngx_http_request_t* r) {
  ngx_http_sluice_main_conf_t* mcf = ngx_http_get_module_main_conf(r, ngx_http_sluice_module);
  return &mcf->worker;
}

static ngx_http_sluice_ctx_t* new_ctx(ngx_http_request_t* r) {
  ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_sluice_ctx_t));
  ngx_http_sluice_ctx_t* ctx;

  if (cleanup == NULL) return NULL;
  ctx = cleanup->data;
  ngx_memzero(ctx, sizeof(ngx_http_sluice_ctx_t));
  ctx->request = r;
  ctx->decision.struct_size = sizeof ctx->decision;
  ngx_queue_insert_tail(&this_worker(r)->live, &ctx->live);
  cleanup->handler = cleanup_ctx;
  ngx_http_set_ctx(r, ctx, ngx_http_sluice_module);
  return ctx;
}

void ngx_http_sluice_release(ngx_http_sluice_ctx_t* ctx) {
  if (ctx->request == NULL) return;
  ngx_http_sluice_stop_waiting(ctx);
  ngx_queue_remove(&ctx->live);
  sluice_txn_free(ctx->txn);
  ctx->txn = NULL;
  ctx->is_decided = 0;
  ctx->request = NULL;
}

ngx_int_t ngx_http_sluice_settle(ngx_http_sluice_ctx_t* ctx, sluice_status status) {
  if (status == SLUICE_WAIT) return ngx_http_sluice_wait(ctx, this_worker(ctx->request));
  if (status == SLUICE_OK) status = sluice_txn_decision(ctx->txn, &ctx->decision);
  if (status == SLUICE_OK) {
    ctx->is_decided = 1;
    return NGX_OK;
  }
  ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0, "sluice could not decide: status %uD", status);
  return NGX_ERROR;
}

static ngx_int_t begin(ngx_http_sluice_ctx_t* ctx) {
  ngx_http_request_t* r = ctx->request;
  sluice_request request = {0};
  sluice_now now;

  if (ngx_http_sluice_fill_request(r, &request) != NGX_OK) return NGX_ERROR;
  now = ngx_http_sluice_now();
  ctx->begun_ns = now.mono_ns;
  return ngx_http_sluice_settle(ctx, sluice_txn_begin(this_worker(r)->gateway, &request, &now, &ctx->txn));
}

/* NGX_DECLINED lets nginx's other access modules have their say. */
static ngx_int_t enforce(ngx_http_sluice_ctx_t* ctx) {
  ctx->is_enforced = 1;
  if (ctx->decision.action == SLUICE_ACTION_RESPOND) return ngx_http_sluice_refuse(ctx);
  if (ngx_http_sluice_change_request_headers(ctx) != NGX_OK) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  return NGX_DECLINED;
}

ngx_int_t ngx_http_sluice_access_handler(ngx_http_request_t* r) {
  ngx_http_sluice_loc_conf_t* lcf = ngx_http_get_module_loc_conf(r, ngx_http_sluice_module);
  ngx_http_sluice_ctx_t* ctx;

  if (!lcf->enable || r != r->main) return NGX_DECLINED;
  ctx = ngx_http_sluice_get_ctx(r);
  if (ctx == NULL) {
    ctx = new_ctx(r);
    if (ctx == NULL || begin(ctx) != NGX_OK) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  if (ctx->is_waiting) return NGX_AGAIN;
  if (!ctx->is_decided) return NGX_HTTP_INTERNAL_SERVER_ERROR; /* it failed before: fail closed */
  return ctx->is_enforced ? NGX_DECLINED : enforce(ctx);
}
