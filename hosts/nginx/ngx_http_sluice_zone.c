/* sluice_zone: the memory where the workers count together. nginx hands a zone of the same name and size on to the next
 * configuration, so that counters survive a reload. */
#include "hosts/nginx/ngx_http_sluice.h"

/* Everything that is free in a new zone, as one region. */
static ngx_http_sluice_region_t* take_region(ngx_slab_pool_t* slab) {
  ngx_http_sluice_region_t* region = ngx_slab_calloc(slab, sizeof(ngx_http_sluice_region_t));
  if (region == NULL) return NULL;
  region->size = slab->pfree * ngx_pagesize;
  region->base = ngx_slab_alloc(slab, region->size);
  return region->base != NULL ? region : NULL;
}

/* In the master, before the new configuration takes over: a policy that does not fit the zone is refused, too. */
static ngx_int_t init_zone(ngx_shm_zone_t* zone, void* data) {
  ngx_http_sluice_main_conf_t* mcf = zone->data;
  ngx_http_sluice_main_conf_t* before = data;
  sluice_gateway* trial;
  ngx_int_t rc;

  mcf->region = before != NULL ? before->region : take_region((ngx_slab_pool_t*)zone->shm.addr);
  if (mcf->region == NULL) {
    ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "sluice_zone \"%V\" is too small", &zone->shm.name);
    return NGX_ERROR;
  }
  if (mcf->policy == NULL) return NGX_OK;
  trial = ngx_http_sluice_new_gateway(mcf, zone->shm.log);
  if (trial == NULL) return NGX_ERROR;
  rc = ngx_http_sluice_check_key_sets(mcf, trial, zone->shm.log);
  sluice_gateway_free(trial);
  return rc;
}

static ngx_int_t add_zone(ngx_conf_t* cf, ngx_http_sluice_main_conf_t* mcf, ngx_str_t* name, size_t size) {
  mcf->zone = ngx_shared_memory_add(cf, name, size, &ngx_http_sluice_module);
  if (mcf->zone == NULL) return NGX_ERROR;
  mcf->zone->init = init_zone;
  mcf->zone->data = mcf;
  return NGX_OK;
}

/* Without a zone each worker would grant every limit by itself. */
ngx_int_t ngx_http_sluice_default_zone(ngx_conf_t* cf, ngx_http_sluice_main_conf_t* mcf) {
  ngx_str_t name = ngx_string("sluice");
  return add_zone(cf, mcf, &name, (size_t)8 << 20);
}

char* ngx_http_sluice_zone(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
  ngx_http_sluice_main_conf_t* mcf = conf;
  ngx_str_t* value = cf->args->elts;
  ssize_t size = ngx_parse_size(&value[2]);

  if (mcf->zone != NULL) return "is duplicate";
  if (size == NGX_ERROR || size < (ssize_t)(256 << 10)) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"sluice_zone\" expects a size of at least 256k, found \"%V\"",
                       &value[2]);
    return NGX_CONF_ERROR;
  }
  return add_zone(cf, mcf, &value[1], (size_t)size) == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}

sluice_gateway* ngx_http_sluice_new_gateway(const ngx_http_sluice_main_conf_t* mcf, ngx_log_t* log) {
  sluice_gateway_options options = {0};
  sluice_gateway* gateway = NULL;
  sluice_error* error = NULL;

  options.struct_size = sizeof options;
  options.region = mcf->region->base;
  options.region_size = mcf->region->size;
  options.signed_token_cache_bytes = mcf->signed_token_bytes;
  if (sluice_gateway_new(&options, &gateway, &error) != SLUICE_OK) {
    ngx_log_error(NGX_LOG_EMERG, log, 0, "sluice: no gateway on zone \"%V\"", &mcf->zone->shm.name);
    if (error != NULL) ngx_http_sluice_log_lines(NGX_LOG_EMERG, log, sluice_error_message(error));
    sluice_error_free(error);
    return NULL;
  }
  if (sluice_gateway_publish(gateway, mcf->policy) != SLUICE_OK) {
    ngx_log_error(NGX_LOG_EMERG, log, 0, "sluice: the policy does not fit zone \"%V\"; enlarge sluice_zone",
                  &mcf->zone->shm.name);
    sluice_gateway_free(gateway);
    return NULL;
  }
  if (ngx_http_sluice_publish_revoked(mcf, gateway, log) != NGX_OK) {
    sluice_gateway_free(gateway);
    return NULL;
  }
  return gateway;
}
