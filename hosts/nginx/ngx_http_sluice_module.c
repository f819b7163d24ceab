/* Directives, and where nginx calls in. */
#include "hosts/nginx/ngx_http_sluice.h"

static void* create_main_conf(ngx_conf_t* cf) { return ngx_pcalloc(cf->pool, sizeof(ngx_http_sluice_main_conf_t)); }

static void* create_loc_conf(ngx_conf_t* cf) {
  ngx_http_sluice_loc_conf_t* lcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_sluice_loc_conf_t));
  if (lcf != NULL) lcf->enable = NGX_CONF_UNSET;
  return lcf;
}

/* Every location is merged after the http block was read: a policy, if there is one, is known by now. */
static char* merge_loc_conf(ngx_conf_t* cf, void* parent, void* child) {
  ngx_http_sluice_loc_conf_t* outer = parent;
  ngx_http_sluice_loc_conf_t* inner = child;
  ngx_http_sluice_main_conf_t* mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_sluice_module);

  ngx_conf_merge_value(inner->enable, outer->enable, 0);
  if ((inner->enable || inner->metrics || inner->key_set.data != NULL) && mcf->policy == NULL) {
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"%s\" needs a \"sluice_policy\" in the http block",
                  inner->enable    ? "sluice on"
                  : inner->metrics ? "sluice_metrics"
                                   : "sluice_public_keys");
    return NGX_CONF_ERROR;
  }
  return NGX_CONF_OK;
}

static char* set_ca_file(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
  ngx_http_sluice_main_conf_t* mcf = conf;
  ngx_str_t* value = cf->args->elts;

  if (mcf->ca_file.data != NULL) return "is duplicate";
  mcf->ca_file = value[1];
  if (ngx_conf_full_name(cf->cycle, &mcf->ca_file, 1) != NGX_OK) return NGX_CONF_ERROR;
  if (access((const char*)mcf->ca_file.data, R_OK) != 0) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "cannot read \"%V\"", &mcf->ca_file);
    return NGX_CONF_ERROR;
  }
  return NGX_CONF_OK;
}

static char* set_signed_tokens(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
  ngx_http_sluice_main_conf_t* mcf = conf;
  ngx_str_t* value = cf->args->elts;
  ssize_t size = ngx_parse_size(&value[1]);

  if (mcf->signed_token_bytes != 0) return "is duplicate";
  mcf->signed_token_bytes = SLUICE_NO_TOKEN_CACHE;
  if (value[1].len == 3 && ngx_strncmp(value[1].data, "off", 3) == 0) return NGX_CONF_OK;
  if (size == NGX_ERROR || size < (ssize_t)(64 << 10) || size > (ssize_t)1 << 30) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"sluice_signed_tokens\" expects off or 64k to 1g, found \"%V\"",
                       &value[1]);
    return NGX_CONF_ERROR;
  }
  mcf->signed_token_bytes = (size_t)size;
  return NGX_CONF_OK;
}

static ngx_int_t add_handler(ngx_conf_t* cf, ngx_http_phases phase, ngx_http_handler_pt handler) {
  ngx_http_core_main_conf_t* cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
  ngx_http_handler_pt* slot = ngx_array_push(&cmcf->phases[phase].handlers);
  if (slot == NULL) return NGX_ERROR;
  *slot = handler;
  return NGX_OK;
}

static ngx_int_t postconfiguration(ngx_conf_t* cf) {
  ngx_http_sluice_main_conf_t* mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_sluice_module);

  if (mcf->policy == NULL) return NGX_OK;
  if (mcf->zone == NULL && ngx_http_sluice_default_zone(cf, mcf) != NGX_OK) return NGX_ERROR;
  ngx_http_sluice_init_response_headers();
  if (add_handler(cf, NGX_HTTP_ACCESS_PHASE, ngx_http_sluice_access_handler) != NGX_OK) return NGX_ERROR;
  return add_handler(cf, NGX_HTTP_LOG_PHASE, ngx_http_sluice_log_handler);
}

static ngx_command_t commands[] = {
    {ngx_string("sluice_policy"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_http_sluice_policy,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL},
    {ngx_string("sluice_revoked"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_http_sluice_revoked,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL},
    {ngx_string("sluice_signed_tokens"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, set_signed_tokens,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL},
    {ngx_string("sluice_zone"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE2, ngx_http_sluice_zone, NGX_HTTP_MAIN_CONF_OFFSET, 0,
     NULL},
    {ngx_string("sluice_ca_file"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, set_ca_file, NGX_HTTP_MAIN_CONF_OFFSET, 0,
     NULL},
    {ngx_string("sluice"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG,
     ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(ngx_http_sluice_loc_conf_t, enable), NULL},
    {ngx_string("sluice_metrics"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, ngx_http_sluice_metrics,
     NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    {ngx_string("sluice_public_keys"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, ngx_http_sluice_public_keys,
     NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    ngx_null_command};

static ngx_http_module_t module_context = {
    ngx_http_sluice_add_variables, /* preconfiguration */
    postconfiguration,
    create_main_conf,
    NULL, /* init main conf */
    NULL, /* create srv conf */
    NULL, /* merge srv conf */
    create_loc_conf,
    merge_loc_conf,
};

ngx_module_t ngx_http_sluice_module = {
    NGX_MODULE_V1,
    &module_context,
    commands,
    NGX_HTTP_MODULE,
    NULL, /* init master */
    NULL, /* init module */
    ngx_http_sluice_init_process,
    NULL, /* init thread */
    NULL, /* exit thread */
    ngx_http_sluice_exit_process,
    NULL, /* exit master */
    NGX_MODULE_V1_PADDING,
};
