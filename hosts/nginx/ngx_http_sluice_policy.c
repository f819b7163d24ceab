/* sluice_policy: compiled while nginx reads its configuration, in the master and under nginx -t alike. The compiled
 * policy is immutable, so that the workers may use what was made before the fork. */
#include "hosts/nginx/ngx_http_sluice.h"

static void free_policy(void* policy) { sluice_policy_free(policy); }

/* decK's rule: only variables named DECK_… are for documents. */
static int environment(void* context, sluice_str name, sluice_str* value) {
  char key[256];
  const char* found;

  if (name.size >= sizeof key || name.size < 5 || ngx_strncmp(name.data, "DECK_", 5) != 0) return 0;
  ngx_cpystrn((u_char*)key, (u_char*)name.data, name.size + 1);
  found = getenv(key);
  if (found == NULL) return 0;
  value->data = found;
  value->size = ngx_strlen(found);
  return 1;
}

void ngx_http_sluice_log_lines(ngx_uint_t level, ngx_log_t* log, sluice_str text) {
  const char* p = text.data;
  const char* end = text.data + text.size;

  while (p < end) {
    const char* line_end = memchr(p, '\n', end - p);
    if (line_end == NULL) line_end = end;
    if (line_end > p) ngx_log_error(level, log, 0, "sluice: %*s", (size_t)(line_end - p), p);
    p = line_end + 1;
  }
}

static sluice_status compile(ngx_conf_t* cf, const ngx_str_t* path, sluice_str text, sluice_policy** policy) {
  sluice_policy_options options = {0};
  sluice_error* error = NULL;
  sluice_status status;

  options.struct_size = sizeof options;
  options.file_name = ngx_http_sluice_str(*path);
  options.env = environment;
  status = sluice_policy_compile(text, &options, policy, &error);
  ngx_http_sluice_log_lines(status == SLUICE_OK ? NGX_LOG_WARN : NGX_LOG_EMERG, cf->log, sluice_error_message(error));
  sluice_error_free(error);
  return status;
}

char* ngx_http_sluice_policy(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
  ngx_http_sluice_main_conf_t* mcf = conf;
  ngx_str_t path = ((ngx_str_t*)cf->args->elts)[1];
  ngx_pool_cleanup_t* cleanup;
  ngx_http_sluice_file_t file;
  sluice_status status;

  if (mcf->policy != NULL) return "is duplicate";
  if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) return NGX_CONF_ERROR;
  if (ngx_http_sluice_read_file(&path, cf->log, &file) != NGX_OK) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, file.err, "\"%V\" %s", &path, file.why);
    return NGX_CONF_ERROR;
  }
  status = compile(cf, &path, file.text, &mcf->policy);
  ngx_http_sluice_free_file(&file);
  if (status != SLUICE_OK) return "has a policy that does not load";

  cleanup = ngx_pool_cleanup_add(cf->pool, 0);
  if (cleanup == NULL) return NGX_CONF_ERROR;
  cleanup->handler = free_policy;
  cleanup->data = mcf->policy;
  return NGX_CONF_OK;
}
