/* sluice_revoked: a list of tokens that are no longer believed, beside that of the policy. Read in the master with the
 * configuration; then each worker looks at the file now and then, and takes in what has changed. */
#include "hosts/nginx/ngx_http_sluice.h"

#define NGX_HTTP_SLUICE_LOOK_MS 1000

static ngx_int_t publish(sluice_gateway* gateway, sluice_str list, const ngx_str_t* path, ngx_uint_t level,
                         ngx_log_t* log) {
  sluice_error* error = NULL;
  sluice_status status = sluice_gateway_publish_revocations(gateway, list, &error);

  if (status == SLUICE_OK) return NGX_OK;
  ngx_log_error(level, log, 0, "sluice: the list of revoked tokens \"%V\" does not load: what counted before counts on",
                path);
  ngx_http_sluice_log_lines(level, log, sluice_error_message(error));
  sluice_error_free(error);
  return NGX_ERROR;
}

static ngx_int_t is_same(const ngx_file_info_t* a, const ngx_file_info_t* b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
         a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
         a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whatever is wrong with the file, the list before stays in force; it is said once, until the file changes again. */
static void take_in(ngx_http_sluice_main_conf_t* mcf, ngx_log_t* log) {
  ngx_http_sluice_worker_t* worker = &mcf->worker;
  ngx_http_sluice_file_t file;

  if (ngx_http_sluice_read_file(&mcf->revoked.path, log, &file) != NGX_OK) {
    if (!worker->revoked_failed)
      ngx_log_error(NGX_LOG_ERR, log, file.err, "sluice: the list of revoked tokens stays as it was: \"%V\" %s",
                    &mcf->revoked.path, file.why);
    worker->revoked_failed = 1;
    return;
  }
  worker->revoked_failed = 0;
  worker->revoked_info = file.info;
  if (publish(worker->gateway, file.text, &mcf->revoked.path, NGX_LOG_ERR, log) == NGX_OK)
    ngx_log_error(NGX_LOG_NOTICE, log, 0, "sluice: took in the list of revoked tokens \"%V\"", &mcf->revoked.path);
  ngx_http_sluice_free_file(&file);
}

static void look(ngx_event_t* ev) {
  ngx_http_sluice_main_conf_t* mcf = ev->data;
  ngx_file_info_t info;

  if (ngx_file_info(mcf->revoked.path.data, &info) == NGX_FILE_ERROR || !is_same(&info, &mcf->worker.revoked_info))
    take_in(mcf, ev->log);
  ngx_add_timer(ev, NGX_HTTP_SLUICE_LOOK_MS);
}

/* The file may have changed since the master read it: a worker may be much younger than the configuration. */
void ngx_http_sluice_watch_revoked(ngx_http_sluice_main_conf_t* mcf, ngx_log_t* log) {
  ngx_event_t* ev = &mcf->worker.look;

  if (mcf->revoked.path.data == NULL) return;
  mcf->worker.revoked_info = mcf->revoked.info;
  ev->handler = look;
  ev->data = mcf;
  ev->log = log;
  ev->cancelable = 1; /* no reason for a worker to stay */
  look(ev);
}

ngx_int_t ngx_http_sluice_publish_revoked(const ngx_http_sluice_main_conf_t* mcf, sluice_gateway* gateway,
                                          ngx_log_t* log) {
  if (mcf->revoked.path.data == NULL) return NGX_OK;
  return publish(gateway, mcf->revoked.text, &mcf->revoked.path, NGX_LOG_EMERG, log);
}

static void free_list(void* list) { ngx_free(list); }

char* ngx_http_sluice_revoked(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
  ngx_http_sluice_main_conf_t* mcf = conf;
  ngx_str_t path = ((ngx_str_t*)cf->args->elts)[1];
  ngx_pool_cleanup_t* cleanup;
  ngx_http_sluice_file_t file;

  if (mcf->revoked.path.data != NULL) return "is duplicate";
  if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) return NGX_CONF_ERROR;
  cleanup = ngx_pool_cleanup_add(cf->pool, 0);
  if (cleanup == NULL) return NGX_CONF_ERROR;
  if (ngx_http_sluice_read_file(&path, cf->log, &file) != NGX_OK) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, file.err, "\"%V\" %s", &path, file.why);
    return NGX_CONF_ERROR;
  }
  cleanup->handler = free_list;
  cleanup->data = (void*)file.text.data;
  mcf->revoked.path = path;
  mcf->revoked.text = file.text;
  mcf->revoked.info = file.info;
  return NGX_CONF_OK;
}
