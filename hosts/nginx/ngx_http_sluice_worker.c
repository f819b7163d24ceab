/* What each worker has of its own: a gateway over the shared counters, and the thread that does its I/O, both made
 * after the fork. */
#include "hosts/nginx/ngx_http_sluice.h"

static ngx_http_sluice_main_conf_t* conf_in_force(ngx_cycle_t* cycle) {
  ngx_http_sluice_main_conf_t* mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_sluice_module);
  return mcf != NULL && mcf->policy != NULL ? mcf : NULL;
}

static ngx_int_t start_io(const ngx_http_sluice_main_conf_t* mcf, ngx_http_sluice_worker_t* worker, ngx_log_t* log) {
  sluice_io_options options = {0};
  const char* message = NULL;

  options.struct_size = sizeof options;
  options.ca_file = ngx_http_sluice_str(mcf->ca_file);
  if (sluice_io_start(worker->gateway, &options, &worker->io, &message) == SLUICE_OK) return NGX_OK;
  ngx_log_error(NGX_LOG_EMERG, log, 0, "sluice: no I/O: %s", message);
  return NGX_ERROR;
}

static ngx_int_t watch_io(ngx_http_sluice_worker_t* worker, ngx_log_t* log) {
  ngx_connection_t* c = ngx_get_connection(sluice_io_fd(worker->io), log);

  if (c == NULL) return NGX_ERROR;
  c->data = worker;
  c->read->handler = ngx_http_sluice_jobs_done;
  c->read->log = log;
  worker->done = c;
  return ngx_add_event(c->read, NGX_READ_EVENT, 0);
}

ngx_int_t ngx_http_sluice_init_process(ngx_cycle_t* cycle) {
  ngx_http_sluice_main_conf_t* mcf = conf_in_force(cycle);
  ngx_http_sluice_worker_t* worker;

  /* Not in the cache manager and its like. */
  if (mcf == NULL || (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)) return NGX_OK;
  worker = &mcf->worker;
  ngx_queue_init(&worker->live);
  ngx_queue_init(&worker->waiting);
  worker->gateway = ngx_http_sluice_new_gateway(mcf, cycle->log);
  if (worker->gateway == NULL) return NGX_ERROR;
  ngx_http_sluice_watch_revoked(mcf, cycle->log);
  if (start_io(mcf, worker, cycle->log) != NGX_OK) return NGX_ERROR;
  return watch_io(worker, cycle->log);
}

/* Requests that a fast shutdown leaves behind must still give back what they hold in the shared counters. */
static void release_all(ngx_http_sluice_worker_t* worker) {
  while (!ngx_queue_empty(&worker->live)) {
    ngx_http_sluice_release(ngx_queue_data(ngx_queue_head(&worker->live), ngx_http_sluice_ctx_t, live));
  }
}

void ngx_http_sluice_exit_process(ngx_cycle_t* cycle) {
  ngx_http_sluice_main_conf_t* mcf = conf_in_force(cycle);
  ngx_http_sluice_worker_t* worker;

  if (mcf == NULL || mcf->worker.gateway == NULL) return;
  worker = &mcf->worker;
  if (worker->done != NULL) {
    ngx_del_event(worker->done->read, NGX_READ_EVENT, 0);
    ngx_free_connection(worker->done);
    worker->done->fd = (ngx_socket_t)-1; /* sluice_io_stop closes it */
    worker->done = NULL;
  }
  sluice_io_stop(worker->io);
  worker->io = NULL;
  release_all(worker);
  sluice_gateway_free(worker->gateway);
  worker->gateway = NULL;
}
