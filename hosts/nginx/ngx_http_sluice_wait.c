/* Putting a request aside while a job runs, without holding up the event loop. */
#include "hosts/nginx/ngx_http_sluice.h"

static void wake(ngx_event_t* ev);

static void arm(ngx_http_sluice_ctx_t* ctx, int64_t timeout_ms) {
  ctx->wake.handler = wake;
  ctx->wake.data = ctx;
  ctx->wake.log = ctx->request->connection->log;
  ngx_add_timer(&ctx->wake, (ngx_msec_t)ngx_max(timeout_ms, 1));
}

/* While it waits, a client that goes away ends the request. What has come in already makes no event of its own. */
static ngx_int_t watch_client(ngx_http_request_t* r) {
  ngx_event_t* read = r->connection->read;

  r->read_event_handler = ngx_http_test_reading;
  r->write_event_handler = ngx_http_request_empty_handler;
  if (!read->ready) return ngx_handle_read_event(read, 0);
  ngx_post_event(read, &ngx_posted_events);
  return NGX_OK;
}

ngx_int_t ngx_http_sluice_wait(ngx_http_sluice_ctx_t* ctx, ngx_http_sluice_worker_t* worker) {
  sluice_effect effect = {0};

  effect.struct_size = sizeof effect;
  if (sluice_txn_effect(ctx->txn, &effect) != SLUICE_OK) return NGX_ERROR;
  if (watch_client(ctx->request) != NGX_OK) return NGX_ERROR;
  ctx->job = effect.id;
  ctx->is_waiting = 1;
  ngx_queue_insert_tail(&worker->waiting, &ctx->waiting);
  arm(ctx, effect.timeout_ms);
  sluice_io_kick(worker->io);
  return NGX_OK;
}

void ngx_http_sluice_stop_waiting(ngx_http_sluice_ctx_t* ctx) {
  if (!ctx->is_waiting) return;
  ctx->is_waiting = 0;
  ngx_queue_remove(&ctx->waiting);
  if (ctx->wake.timer_set) ngx_del_timer(&ctx->wake);
  if (ctx->wake.posted) {
    ngx_delete_posted_event(&ctx->wake); /* a macro of two statements */
  }
}

/* The job is done or its time is up; the gateway knows what that means. */
static void wake(ngx_event_t* ev) {
  ngx_http_sluice_ctx_t* ctx = ev->data;
  ngx_http_request_t* r = ctx->request;
  ngx_connection_t* c = r->connection;
  sluice_now now = ngx_http_sluice_now();

  ngx_http_sluice_stop_waiting(ctx);
  ngx_http_set_log_request(c->log, r);
  if (ngx_http_sluice_settle(ctx, sluice_txn_resume(ctx->txn, &now)) != NGX_OK) {
    ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
  } else if (!ctx->is_waiting) {
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r); /* the access phase again, which now finds a decision */
  }
  ngx_http_run_posted_requests(c);
}

/* Resuming one request may end others (streams of one connection): so they are woken one by one, by the event loop. */
static void wake_waiting(ngx_http_sluice_worker_t* worker, uint64_t job) {
  ngx_queue_t* q;

  for (q = ngx_queue_head(&worker->waiting); q != ngx_queue_sentinel(&worker->waiting); q = ngx_queue_next(q)) {
    ngx_http_sluice_ctx_t* ctx = ngx_queue_data(q, ngx_http_sluice_ctx_t, waiting);
    if (ctx->job == job) {
      ngx_post_event(&ctx->wake, &ngx_posted_events);
    }
  }
}

void ngx_http_sluice_jobs_done(ngx_event_t* ev) {
  ngx_http_sluice_worker_t* worker = ((ngx_connection_t*)ev->data)->data;
  uint64_t jobs[64];
  size_t count, i;

  while ((count = sluice_io_take_done(worker->io, jobs, 64)) > 0) {
    for (i = 0; i < count; i++) wake_waiting(worker, jobs[i]);
  }
}
