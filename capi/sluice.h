/* Sluice: the decisions of an API gateway, as a C library.
 *
 *   sluice_gateway* gateway; sluice_policy* policy; sluice_txn* txn; sluice_error* error = NULL;
 *   sluice_policy_compile(text, NULL, &policy, &error);    (error: what is wrong, or the warnings; free it)
 *   sluice_gateway_new(NULL, &gateway, &error);
 *   sluice_gateway_publish(gateway, policy);
 *
 *   sluice_request request = {0};  request.struct_size = sizeof request;
 *   (fill in method, target, headers …)
 *   if (sluice_txn_begin(gateway, &request, &now, &txn) == SLUICE_OK) {
 *     sluice_decision decision;  decision.struct_size = sizeof decision;
 *     sluice_txn_decision(txn, &decision);
 *     (forward it or answer it)
 *     sluice_outcome outcome = {0};  outcome.struct_size = sizeof outcome;  outcome.status = (what the client got);
 *     sluice_txn_report(txn, &outcome, &now, NULL);
 *   }
 *   sluice_txn_free(txn);
 *
 * Conventions, the same for every call:
 * - Strings are {data, size}, bytes, not NUL-terminated; an empty one may have data NULL.
 * - Structs begin with struct_size, set by the caller to sizeof the struct; they grow only at the end, so that a host
 *   built against an older header goes on working.
 * - Borrowed in: a request's views must live until sluice_txn_free. Borrowed out: a decision's views live until
 *   sluice_txn_free. A document, options and results are read during the call only.
 * - Owned: what a _new, _compile or _begin call gives is the caller's, to be freed with the matching _free; every _free
 *   takes NULL. An error given through sluice_error** is the caller's; pass NULL to go without.
 * - Threads: gateway and policy may be used by any number at once; a txn by one at a time (it may migrate).
 * - Nothing throws, aborts, reads a clock, starts a thread or opens a socket. Safe before and after fork; a gateway
 *   made before the fork must not be used by both sides unless its region is shared memory and no job is under way.
 * - Time is an argument: wall clock for dates and calendar windows, monotonic clock for paces.
 */
#ifndef SLUICE_H_
#define SLUICE_H_

#include <stddef.h>
#include <stdint.h>

#if defined(SLUICE_BUILDING) && defined(__GNUC__)
#define SLUICE_API __attribute__((visibility("default")))
#else
#define SLUICE_API
#endif

#if defined(__cplusplus) && __cplusplus >= 201103L
#define SLUICE_NOEXCEPT noexcept
#else
#define SLUICE_NOEXCEPT
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_VERSION "0.1.0"
#define SLUICE_ABI_VERSION 0u /* the number in libsluice.so.0 */

typedef struct sluice_str {
  const char* data;
  size_t size;
} sluice_str;

typedef struct sluice_pair {
  sluice_str name;
  sluice_str value;
} sluice_pair;

typedef struct sluice_now {
  int64_t wall_ns; /* since the Unix epoch */
  int64_t mono_ns; /* CLOCK_MONOTONIC */
} sluice_now;

/* What a call came to. Codes are never renumbered. */
typedef uint32_t sluice_status;
#define SLUICE_OK 0u
#define SLUICE_WAIT 1u       /* not done: see sluice_txn_effect; or, from sluice_gateway_next_job, nothing to do now */
#define SLUICE_E_ARGUMENT 2u /* a pointer is NULL, a struct_size or a value is out of range */
#define SLUICE_E_POLICY 3u   /* the document has errors */
#define SLUICE_E_MEMORY 4u   /* out of memory, or the region is too small or of another layout */
#define SLUICE_E_STATE 5u    /* the call does not fit what the object is doing now */
#define SLUICE_E_BUFFER 6u   /* the caller's buffer is too small; the size needed was stored */

typedef struct sluice_gateway sluice_gateway; /* counters, caches, key sets, and the policy in force; thread-safe */
typedef struct sluice_policy sluice_policy;   /* a compiled document; immutable, reference counted */
typedef struct sluice_txn sluice_txn;         /* one request */
typedef struct sluice_error sluice_error;     /* why a call failed */
typedef struct sluice_metrics sluice_metrics; /* what was counted, as of one moment; immutable */

SLUICE_API uint32_t sluice_abi_version(void) SLUICE_NOEXCEPT;
SLUICE_API const char* sluice_version(void) SLUICE_NOEXCEPT;

/* ---- Errors ---- */

/* All of it, a line each: "policy.yaml:3:5: error: unknown field `host` (did you mean `hosts`?) [unknown_field]". */
SLUICE_API sluice_str sluice_error_message(const sluice_error* error) SLUICE_NOEXCEPT;
SLUICE_API void sluice_error_free(sluice_error* error) SLUICE_NOEXCEPT;

/* ---- Policy ---- */

#define SLUICE_FORMAT_AUTO 0u /* JSON if it begins with '{', else YAML */
#define SLUICE_FORMAT_YAML 1u
#define SLUICE_FORMAT_JSON 2u

/* Answers decK's ${{ env "DECK_X" }}: 1 and *value set if the variable exists, else 0. */
typedef int (*sluice_env_fn)(void* context, sluice_str name, sluice_str* value);

typedef struct sluice_policy_options {
  size_t struct_size;
  sluice_str file_name; /* for messages; default "policy" */
  uint32_t format;      /* SLUICE_FORMAT_*; default auto */
  uint32_t reserved;    /* 0 */
  sluice_env_fn env;    /* default NULL: a reference to the environment is an error */
  void* env_context;
} sluice_policy_options;

/* Compiles a document. SLUICE_E_POLICY: *error says everything that is wrong, with places. On SLUICE_OK *error, if
 * asked for, holds the warnings, or NULL if there is none. `options` may be NULL. */
SLUICE_API sluice_status sluice_policy_compile(sluice_str document, const sluice_policy_options* options,
                                               sluice_policy** policy, sluice_error** error) SLUICE_NOEXCEPT;
SLUICE_API void sluice_policy_free(sluice_policy* policy) SLUICE_NOEXCEPT; /* gateways that use it keep it */

/* ---- Gateway ---- */

typedef struct sluice_gateway_options {
  size_t struct_size;
  void* region;             /* counters' memory, shared by all processes that map it; default NULL: private */
  size_t region_size;       /* bytes; default 8 MiB when region is NULL */
  size_t token_cache_bytes; /* verified tokens kept; default 4 MiB; SLUICE_NO_TOKEN_CACHE: none */
  /* Tokens kept that were signed for upstreams, 4 KiB each; default 8 MiB, allocated with the first policy that signs;
   * SLUICE_NO_TOKEN_CACHE: none, so that one is signed for every request. */
  size_t signed_token_cache_bytes;
} sluice_gateway_options;

#define SLUICE_NO_TOKEN_CACHE ((size_t)-1)

SLUICE_API sluice_status sluice_gateway_new(const sluice_gateway_options* options, sluice_gateway** gateway,
                                            sluice_error** error) SLUICE_NOEXCEPT;
SLUICE_API void sluice_gateway_free(sluice_gateway* gateway) SLUICE_NOEXCEPT; /* after its transactions */

/* Swaps the policy in: one atomic step. Transactions under way keep theirs; counters and caches live on. */
SLUICE_API sluice_status sluice_gateway_publish(sluice_gateway* gateway, const sluice_policy* policy) SLUICE_NOEXCEPT;

/* Replaces the list of tokens that are revoked beside those of the policy's own `revoked`: a document of that one
 * member, in YAML or JSON: {"revoked":[{"jti":"4f1c","until":1760003600}]}. Requests that begin after the call see it,
 * also for tokens that were verified before; it lives on when policies are swapped. SLUICE_E_POLICY: *error says all
 * that is wrong, and the list before stays in force. A gateway of each process has its own list: publish it in all of
 * them. */
SLUICE_API sluice_status sluice_gateway_publish_revocations(sluice_gateway* gateway, sluice_str revocations,
                                                            sluice_error** error) SLUICE_NOEXCEPT;

/* The public keys of a key set of the policy in force as a JWK set, for who verifies what jwt-signer signs (usually at
 * /.well-known/jwks.json): all of its keys, and nothing private. Writes at most `capacity` bytes and stores the size of
 * the text in *size; SLUICE_E_BUFFER if that is more. SLUICE_E_ARGUMENT with *size 0: there is no such set.
 * SLUICE_E_STATE: no policy was published. Takes a lock: for answers about keys, not for each request. */
SLUICE_API sluice_status sluice_gateway_public_keys(sluice_gateway* gateway, sluice_str key_set, char* buffer,
                                                    size_t capacity, size_t* size) SLUICE_NOEXCEPT;

/* ---- Metrics ---- */

/* What one limit of the policy in force had to say of all requests that it applied to: in all processes of the region,
 * and over reloads for as long as plan (or plugin) and limit keep their names. */
typedef struct sluice_limit_metrics {
  sluice_str scope; /* "plan/free", "plugin/rate-limiting/service:orders" */
  sluice_str limit; /* "pace"; of plugins the window: "minute" */
  uint64_t allowed;
  uint64_t refused;
  uint64_t shadow_refused; /* it would have refused, but only counts and reports */
} sluice_limit_metrics;

/* Memory for callers' counters. Near 80 % full, new callers begin to be refused: enlarge the region. */
typedef struct sluice_limit_table_metrics {
  sluice_str table; /* "sliding": of sliding windows; "sliding_60": with 60 sub-windows; "other": of all other limits */
  uint64_t capacity; /* entries */
  uint64_t live;     /* entries that are needed now */
} sluice_limit_table_metrics;

typedef struct sluice_server_error {
  sluice_str error; /* "connect", "timeout", "tls", "auth", "readonly", "out_of_memory", "loading", "cluster",
                     * "sentinel", "protocol", "key" or "other" */
  uint64_t count;
} sluice_server_error;

/* A Redis server in which the policy in force shares limits. The first members count for all processes of the region;
 * from `up` on they say what is so now in this gateway. */
typedef struct sluice_server_metrics {
  size_t struct_size;
  sluice_str server;                 /* "redis://host:6379/0": no user, no password */
  uint64_t granted;                  /* answers with units */
  uint64_t refused;                  /* answers without any, to who needed some */
  uint64_t told;                     /* answers to who needed none, but told or gave back something */
  uint64_t granted_units;            /* of those answers */
  const sluice_server_error* errors; /* each kind */
  size_t error_count;
  uint32_t up;            /* 1: the last question was answered */
  uint32_t reserved;      /* 0 */
  uint64_t backoff_ms;    /* until it is asked again, if it failed */
  uint64_t callers;       /* of whom something is known */
  uint64_t leases;        /* that have units left */
  uint64_t units_in_hand; /* those units */
  uint64_t held_refusals; /* callers whom it refused, and about whom it is not asked again yet */
} sluice_server_metrics;

typedef struct sluice_metrics_values {
  size_t struct_size;
  const sluice_limit_metrics* limits;
  size_t limit_count;
  const sluice_limit_table_metrics* tables;
  size_t table_count;
  uint64_t reclaimed_entries; /* that gave way to other callers */
  uint64_t full_refusals;     /* charges refused because there was no room for another caller */
  uint64_t overflowed;        /* charges to an entry that all callers without room share */
  uint64_t unmetered;         /* rulings of limits that found no counter: the region is small for so many */
  sluice_str prometheus;      /* all of it as text/plain; version=0.0.4, for a scrape */
  const sluice_server_metrics* const* servers; /* of shared limits; pointers, since what they point to may grow */
  size_t server_count;
} sluice_metrics_values;

/* Reads the counters, which takes a few milliseconds for each 8 MiB of the region: for a scrape, not for requests. */
SLUICE_API sluice_status sluice_gateway_metrics(sluice_gateway* gateway, const sluice_now* now,
                                                sluice_metrics** metrics) SLUICE_NOEXCEPT;
/* The views in *values live until sluice_metrics_free. */
SLUICE_API sluice_status sluice_metrics_read(const sluice_metrics* metrics,
                                             sluice_metrics_values* values) SLUICE_NOEXCEPT;
SLUICE_API void sluice_metrics_free(sluice_metrics* metrics) SLUICE_NOEXCEPT;

/* ---- Effects: what the gateway asks its host to do ---- */

#define SLUICE_EFFECT_HTTP 1u /* from sluice_gateway_next_job: send this request, then sluice_gateway_job_done */
#define SLUICE_EFFECT_JOB 2u  /* from sluice_txn_effect: wait until the job `id` is done or timeout_ms is over */
/* From sluice_gateway_next_job, for policies that share limits in Redis: run the script of `redis`, then
 * sluice_gateway_job_done with status 200 and the text that it returned as body; status 0 and `error` on any failure.
 * `url` only names the server, for logs: "redis://host:6379/0". */
#define SLUICE_EFFECT_REDIS 3u

#define SLUICE_EFFECT_ALLOW_HTTP 1u /* flag: the policy allows this URL to be plain http */

#define SLUICE_REDIS_TLS 1u    /* flag: connect with TLS */
#define SLUICE_REDIS_VERIFY 2u /* flag: verify the server's certificate against server_name, or host */

/* Flags, at most one; without them the script runs at host and port, or socket. SENTINEL: at the master that one of
 * `nodes`, which are sentinels, names. CLUSTER: at the node that has the keys' slot; `nodes` are some of the cluster.
 */
#define SLUICE_REDIS_SENTINEL 4u
#define SLUICE_REDIS_CLUSTER 8u

typedef struct sluice_redis_node {
  sluice_str host;
  uint32_t port;
  uint32_t reserved; /* 0 */
} sluice_redis_node;

typedef struct sluice_redis_call {
  size_t struct_size;
  uint32_t flags; /* SLUICE_REDIS_* */
  uint32_t port;
  uint32_t database;
  uint32_t max_redirections; /* of a cluster: of one call */
  sluice_str host;
  sluice_str socket; /* not empty: the path of a Unix socket, in place of host and port */
  sluice_str username;
  sluice_str password; /* empty: no AUTH */
  sluice_str server_name;
  sluice_str script; /* for EVALSHA, or EVAL if the server does not know it */
  const sluice_str* keys;
  size_t key_count;
  const sluice_str* arguments;
  size_t argument_count;
  const sluice_redis_node* nodes;
  size_t node_count;
  sluice_str sentinel_master;
  sluice_str sentinel_username;
  sluice_str sentinel_password; /* empty: no AUTH */
} sluice_redis_call;

typedef struct sluice_effect {
  size_t struct_size;
  uint32_t kind;  /* SLUICE_EFFECT_* */
  uint32_t flags; /* SLUICE_EFFECT_ALLOW_HTTP */
  uint64_t id;
  sluice_str method;
  sluice_str url;
  const sluice_pair* headers;
  size_t header_count;
  int64_t timeout_ms;
  size_t max_body_bytes;          /* an answer with more is a failure */
  const sluice_redis_call* redis; /* of SLUICE_EFFECT_REDIS, else NULL */
} sluice_effect;

typedef struct sluice_http_result {
  size_t struct_size;
  uint32_t status;   /* 0: no answer; then `error` says why */
  uint32_t reserved; /* 0 */
  sluice_str error;  /* "timeout", "connect", "tls", "too_large" … */
  const sluice_pair* headers;
  size_t header_count;
  sluice_str body; /* of a script without an answer: who gave none and why, for traces; no secrets */
} sluice_http_result;

/* SLUICE_OK: *effect is to be carried out (its views live until sluice_gateway_job_done). SLUICE_WAIT: nothing to do
 * before *ask_again_mono_ns, or until a transaction waits. Call it after sluice_gateway_publish, at that time, and
 * whenever a transaction answers SLUICE_WAIT, until it says SLUICE_WAIT. */
SLUICE_API sluice_status sluice_gateway_next_job(sluice_gateway* gateway, const sluice_now* now, sluice_effect* effect,
                                                 int64_t* ask_again_mono_ns) SLUICE_NOEXCEPT;
/* Then resume the transactions that wait for this job. */
SLUICE_API sluice_status sluice_gateway_job_done(sluice_gateway* gateway, uint64_t id, const sluice_http_result* result,
                                                 const sluice_now* now) SLUICE_NOEXCEPT;

/* ---- Transactions ---- */

#define SLUICE_REQUEST_TRACE 1u   /* flag: collect the trace; costs allocations */
#define SLUICE_REQUEST_NO_WAIT 2u /* flag: this host cannot wait; take the policy's fallback at once */

typedef struct sluice_request {
  size_t struct_size;
  uint32_t flags;          /* SLUICE_REQUEST_* */
  uint32_t port;           /* 0: from host, server, or the scheme's default */
  sluice_str method;       /* "GET" */
  sluice_str target;       /* as received: "/path?query" */
  sluice_str scheme;       /* "http" (default), "https", "grpc", "grpcs"; "tcp", "tls", "udp" without HTTP */
  sluice_str host;         /* default: the Host header */
  sluice_str http_version; /* "1.1" (default) */
  sluice_str peer;         /* "ip:port" of the connection */
  sluice_str server;       /* "ip:port" that accepted it */
  const sluice_pair* headers;
  size_t header_count;
  sluice_str tls_sni;
  sluice_str tls_client_cert;  /* PEM */
  sluice_str tls_client_chain; /* PEM */
  int64_t content_length;      /* -1: unknown */
  uint32_t cost;               /* weight that limits charge; 0 counts as 1 */
  uint32_t reserved;           /* 0 */
} sluice_request;

#define SLUICE_ACTION_FORWARD 1u
#define SLUICE_ACTION_RESPOND 2u
#define SLUICE_ACTION_WAIT 3u

#define SLUICE_HEADER_SET 1u    /* replace every header of that name */
#define SLUICE_HEADER_ADD 2u    /* keep those there are */
#define SLUICE_HEADER_REMOVE 3u /* every header of that name */

typedef struct sluice_header_change {
  uint32_t op;       /* SLUICE_HEADER_* */
  uint32_t reserved; /* 0 */
  sluice_str name;
  sluice_str value;
} sluice_header_change;

typedef struct sluice_limit {
  sluice_str name;
  uint64_t limit;
  uint64_t remaining;
  uint64_t reset_ms;
  uint32_t refused;        /* 1: this one refused the request */
  uint32_t shadow_refused; /* 1: it would have, but only counts and reports */
} sluice_limit;

typedef struct sluice_decision {
  size_t struct_size;
  uint32_t action; /* SLUICE_ACTION_* */
  uint32_t status; /* of the answer; 0 unless action is RESPOND */
  sluice_str reason;
  sluice_str message;
  sluice_str body;
  sluice_str route;
  sluice_str service;
  sluice_str consumer;
  sluice_str plan;
  const sluice_str* consumer_groups;
  size_t consumer_group_count;
  const sluice_pair* captures;
  size_t capture_count;
  sluice_str client_ip;
  sluice_str client_scheme;
  sluice_str client_host;
  uint32_t client_port;
  uint32_t upstream_port;
  sluice_str upstream_name;
  sluice_str upstream_scheme;
  sluice_str upstream_host;
  sluice_str upstream_path;
  sluice_str upstream_host_header;
  uint32_t connect_timeout_ms;
  uint32_t send_timeout_ms;
  uint32_t read_timeout_ms;
  uint32_t retries;
  const sluice_header_change* request_headers; /* apply in order */
  size_t request_header_count;
  const sluice_header_change* response_headers;
  size_t response_header_count;
  const sluice_limit* limits;
  size_t limit_count;
} sluice_decision;

typedef struct sluice_outcome {
  size_t struct_size;
  uint32_t status; /* what the client got; 0: it went away first */
  uint32_t cost;   /* what it cost after all, in units of sluice_request.cost; 0: what it was charged */
  int64_t latency_ns;
  sluice_str error; /* "", "timeout", "connect", "reset", "tls" */
} sluice_outcome;

typedef struct sluice_diagnosis {
  size_t struct_size;
  sluice_str fault;  /* "none", "client", "gateway", "front_proxy", "upstream" */
  sluice_str advice; /* static texts, never freed */
} sluice_diagnosis;

/* Decides. SLUICE_OK: see sluice_txn_decision. SLUICE_WAIT: see sluice_txn_effect, then sluice_txn_resume. In both
 * cases *txn is the caller's; on any other answer it is NULL. SLUICE_E_STATE: no policy was published. */
SLUICE_API sluice_status sluice_txn_begin(sluice_gateway* gateway, const sluice_request* request, const sluice_now* now,
                                          sluice_txn** txn) SLUICE_NOEXCEPT;
SLUICE_API sluice_status sluice_txn_effect(const sluice_txn* txn, sluice_effect* effect) SLUICE_NOEXCEPT;
/* The effect is done, or its time is up. SLUICE_OK or SLUICE_WAIT as from sluice_txn_begin. */
SLUICE_API sluice_status sluice_txn_resume(sluice_txn* txn, const sluice_now* now) SLUICE_NOEXCEPT;
SLUICE_API sluice_status sluice_txn_decision(const sluice_txn* txn, sluice_decision* decision) SLUICE_NOEXCEPT;
/* The decision as one line of JSON, as `sluice decide` prints it; with the trace if it was asked for. */
SLUICE_API sluice_status sluice_txn_decision_json(sluice_txn* txn, sluice_str* json) SLUICE_NOEXCEPT;
/* What came of it; once, after the decision. `diagnosis` may be NULL. */
SLUICE_API sluice_status sluice_txn_report(sluice_txn* txn, const sluice_outcome* outcome, const sluice_now* now,
                                           sluice_diagnosis* diagnosis) SLUICE_NOEXCEPT;
/* At any time; while it waits, this cancels it. What was in flight and not reported is released. */
SLUICE_API void sluice_txn_free(sluice_txn* txn) SLUICE_NOEXCEPT;

/* One flat call for hosts where crossing is costly (Go, Java): a request in, its decision out, each one line of JSON as
 * `sluice decide` has them; `now` and `outcome` of the request count. Never waits (takes the policy's fallback). Writes
 * at most `capacity` bytes and stores the decision's size in *size; SLUICE_E_BUFFER if that is more: the decision is
 * lost but charged, so begin with a generous buffer. SLUICE_E_ARGUMENT with *size not 0: the buffer holds
 * {"error":"…"}, which says what is wrong with the request. */
SLUICE_API sluice_status sluice_decide_json(sluice_gateway* gateway, sluice_str request, const sluice_now* now,
                                            char* buffer, size_t capacity, size_t* size) SLUICE_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SLUICE_H_ */
