/* Sluice inside nginx: what the module's files share.
 *
 * The way of a request, a file for each step:
 *   ngx_http_sluice_access.c            access phase: begin, wait or enforce
 *     ngx_http_sluice_request.c         nginx's request as Sluice's
 *     ngx_http_sluice_wait.c            put aside, woken by a job that is done or by a timer
 *     ngx_http_sluice_request_headers.c what the upstream will see
 *     ngx_http_sluice_refusal.c         the answer, when Sluice answers itself
 *   ngx_http_sluice_variables.c         $sluice_upstream … for proxy_pass; the policy's time-outs
 *   ngx_http_sluice_response_headers.c  header filter
 *   ngx_http_sluice_report.c            log phase: what came of it
 * And around it: ngx_http_sluice_module.c (directives), _policy.c (compiled in the master), _revoked.c (the list that
 * workers watch), _file.c (reads both), _zone.c (counters shared by the workers), _metrics.c (what they counted, for a
 * scrape), _public_keys.c (of the policy's keys), _worker.c (the gateway and its I/O, one of each per worker).
 */
#ifndef NGX_HTTP_SLUICE_H_
#define NGX_HTTP_SLUICE_H_

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "capi/sluice.h"
#include "io/sluice_io.h"

/* Counters' memory; this description of it lives in the zone, too. */
typedef struct {
  void* base;
  size_t size;
} ngx_http_sluice_region_t;

/* A file as it was read, or why it was not. */
typedef struct {
  sluice_str text;
  ngx_file_info_t info;
  ngx_err_t err;
  const char* why;
} ngx_http_sluice_file_t;

/* What one process has; made after the fork. */
typedef struct {
  sluice_gateway* gateway;
  sluice_io* io;
  ngx_connection_t* done;       /* io's descriptor in the event loop */
  ngx_queue_t live;             /* every ngx_http_sluice_ctx_t */
  ngx_queue_t waiting;          /* those that wait for a job */
  ngx_event_t look;             /* at the list of revoked tokens, now and then */
  ngx_file_info_t revoked_info; /* of that list, as last read */
  unsigned revoked_failed : 1;  /* it could not be read, and that was said */
} ngx_http_sluice_worker_t;

typedef struct {
  ngx_str_t path;  /* data NULL: no sluice_revoked */
  sluice_str text; /* as the master read it */
  ngx_file_info_t info;
} ngx_http_sluice_revoked_t;

typedef struct {
  sluice_policy* policy; /* NULL: no sluice_policy */
  ngx_http_sluice_revoked_t revoked;
  ngx_array_t key_sets; /* of ngx_str_t: named by sluice_public_keys */
  ngx_str_t ca_file;
  size_t signed_token_bytes; /* as sluice_gateway_options has it */
  ngx_shm_zone_t* zone;
  ngx_http_sluice_region_t* region;
  ngx_http_sluice_worker_t worker;
} ngx_http_sluice_main_conf_t;

typedef struct {
  ngx_flag_t enable;
  ngx_flag_t metrics; /* this location answers with them */
  ngx_str_t key_set;  /* this location answers with its public keys; data NULL: no */
} ngx_http_sluice_loc_conf_t;

/* One request under Sluice: from its access phase until its pool is destroyed. */
typedef struct {
  ngx_queue_t live;    /* in worker->live */
  ngx_queue_t waiting; /* in worker->waiting while is_waiting */
  ngx_http_request_t* request;
  sluice_txn* txn;
  sluice_decision decision; /* valid once is_decided; borrowed from txn */
  int64_t begun_ns;
  uint64_t job;                            /* what it waits for */
  ngx_event_t wake;                        /* posted when the job is done, or its timer is over */
  ngx_http_upstream_conf_t* upstream_conf; /* this request's copy, with the policy's time-outs */
  unsigned is_waiting : 1;
  unsigned is_decided : 1;
  unsigned is_enforced : 1;
} ngx_http_sluice_ctx_t;

extern ngx_module_t ngx_http_sluice_module;

static ngx_inline sluice_str ngx_http_sluice_str(ngx_str_t text) {
  sluice_str str;
  str.data = (const char*)text.data;
  str.size = text.len;
  return str;
}

static ngx_inline ngx_str_t ngx_http_sluice_ngx_str(sluice_str text) {
  ngx_str_t str;
  str.data = (u_char*)text.data;
  str.len = text.size;
  return str;
}

/* policy */
char* ngx_http_sluice_policy(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
void ngx_http_sluice_log_lines(ngx_uint_t level, ngx_log_t* log, sluice_str text);

/* file, revoked, public_keys */
ngx_int_t ngx_http_sluice_read_file(const ngx_str_t* path, ngx_log_t* log, ngx_http_sluice_file_t* file);
void ngx_http_sluice_free_file(ngx_http_sluice_file_t* file);
char* ngx_http_sluice_revoked(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
ngx_int_t ngx_http_sluice_publish_revoked(const ngx_http_sluice_main_conf_t* mcf, sluice_gateway* gateway,
                                          ngx_log_t* log);
void ngx_http_sluice_watch_revoked(ngx_http_sluice_main_conf_t* mcf, ngx_log_t* log);
char* ngx_http_sluice_public_keys(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
ngx_int_t ngx_http_sluice_check_key_sets(const ngx_http_sluice_main_conf_t* mcf, sluice_gateway* gateway,
                                         ngx_log_t* log);

/* zone */
char* ngx_http_sluice_zone(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
ngx_int_t ngx_http_sluice_default_zone(ngx_conf_t* cf, ngx_http_sluice_main_conf_t* mcf);
/* A gateway on the zone's memory with the policy in force; NULL after logging why not. */
sluice_gateway* ngx_http_sluice_new_gateway(const ngx_http_sluice_main_conf_t* mcf, ngx_log_t* log);

/* worker */
ngx_int_t ngx_http_sluice_init_process(ngx_cycle_t* cycle);
void ngx_http_sluice_exit_process(ngx_cycle_t* cycle);

/* access */
ngx_int_t ngx_http_sluice_access_handler(ngx_http_request_t* r);
ngx_http_sluice_ctx_t* ngx_http_sluice_get_ctx(ngx_http_request_t* r); /* NULL: Sluice has not seen it */
/* Takes in what sluice_txn_begin or _resume answered: decided, or waiting. NGX_ERROR after logging. */
ngx_int_t ngx_http_sluice_settle(ngx_http_sluice_ctx_t* ctx, sluice_status status);
void ngx_http_sluice_release(ngx_http_sluice_ctx_t* ctx); /* frees the transaction, wherever it is; harmless twice */

/* request */
sluice_now ngx_http_sluice_now(void);
ngx_int_t ngx_http_sluice_fill_request(ngx_http_request_t* r, sluice_request* request);

/* wait */
ngx_int_t ngx_http_sluice_wait(ngx_http_sluice_ctx_t* ctx, ngx_http_sluice_worker_t* worker);
void ngx_http_sluice_stop_waiting(ngx_http_sluice_ctx_t* ctx);
void ngx_http_sluice_jobs_done(ngx_event_t* ev);

/* headers */
ngx_uint_t ngx_http_sluice_is_framing(ngx_str_t name); /* headers by which messages are delimited: nginx's alone */
ngx_int_t ngx_http_sluice_push_header(ngx_pool_t* pool, ngx_list_t* list, const sluice_header_change* change,
                                      ngx_table_elt_t** pushed);
ngx_int_t ngx_http_sluice_change_request_headers(ngx_http_sluice_ctx_t* ctx);
void ngx_http_sluice_init_response_headers(void);

/* refusal, metrics, variables, report */
ngx_int_t ngx_http_sluice_refuse(ngx_http_sluice_ctx_t* ctx);
ngx_int_t ngx_http_sluice_send_body(ngx_http_request_t* r, sluice_str body); /* lives as long as the request */
char* ngx_http_sluice_metrics(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
ngx_int_t ngx_http_sluice_add_variables(ngx_conf_t* cf);
ngx_int_t ngx_http_sluice_log_handler(ngx_http_request_t* r);

#endif /* NGX_HTTP_SLUICE_H_ */
