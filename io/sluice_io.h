/* Sluice I/O: carries out what a gateway asks for (key sets to fetch, limits shared in Redis), for hosts that may have
 * one more thread.
 *
 *   sluice_io* io;
 *   sluice_effect effect = {0};  effect.struct_size = sizeof effect;
 *   sluice_io_start(gateway, NULL, &io, NULL);          after fork, after sluice_gateway_publish
 *
 *   A host with an event loop watches sluice_io_fd(io) for reading. When a transaction answers SLUICE_WAIT:
 *     sluice_txn_effect(txn, &effect);                  remember txn under effect.id; arm a timer of effect.timeout_ms
 *     sluice_io_kick(io);
 *   and when the descriptor is readable:
 *     while ((n = sluice_io_take_done(io, jobs, 16)) != 0)
 *       (sluice_txn_resume each transaction that waits for one of jobs[0 .. n-1])
 *
 *   A host that may block writes instead:
 *     while (status == SLUICE_WAIT) {
 *       sluice_txn_effect(txn, &effect);
 *       sluice_io_wait(io, effect.id, effect.timeout_ms);
 *       status = sluice_txn_resume(txn, &now);
 *     }
 *
 *   sluice_io_stop(io);                                 before sluice_gateway_free
 *
 * Conventions are those of sluice.h. Beyond them:
 * - One thread of its own, with every signal blocked, from _start to _stop; so start it after the last fork.
 * - Threads: any number may call at once; none may be in a call when _stop is.
 * - Transfers: https only, unless the effect allows http; peer and host name are verified, always; redirects are not
 *   followed (the answer is the failure "redirect"); no cookies, no .netrc, no proxy from the environment unless asked
 *   for; header bytes, body bytes, time to connect and time in all are bounded.
 * - A transfer that fails gives its job a result with status 0 and one of these errors: "request" (the effect's URL or
 *   headers cannot be sent), "resolve", "refused_address", "connect", "tls", "timeout", "too_large", "redirect",
 *   "protocol", "cancelled", "memory".
 * - Redis: one connection to each server, closed after a minute without a call, on which scripts run one behind the
 *   other (up to 1,024); TCP, Unix socket, TLS 1.2 and up, AUTH with or without a user, a database. The script goes by
 *   its digest, and once more whole if the server does not know it. When an answer is late, everything on that
 *   connection has failed. Sentinels are asked, one after the other, when no master is known or its connection has
 *   ended: each has an equal part of the time that is left. A server that is no master is left. In a cluster MOVED and
 *   ASK are followed, and remembered by slot. Errors are those above, "greeting" (the server took no AUTH, SELECT or
 *   SCRIPT LOAD), "sentinel" (none knows a master), "role" (who was named is none), and the first word of the server's
 *   own ("READONLY", "OOM" …). The result's body says for people which server it was and what is known besides: that
 *   stands in the trace of decisions.
 */
#ifndef SLUICE_IO_H_
#define SLUICE_IO_H_

#include "capi/sluice.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sluice_io sluice_io;

#define SLUICE_IO_PROXY_FROM_ENVIRONMENT 1u /* flag: obey https_proxy, no_proxy …; default: ignore them */
/* Flag: never connect to loopback, private, link-local or multicast addresses. For hosts whose policies are written by
 * people who must not reach the inside. */
#define SLUICE_IO_REFUSE_PRIVATE 2u

typedef struct sluice_io_options {
  size_t struct_size;
  uint32_t flags;             /* SLUICE_IO_*; default 0 */
  uint32_t max_parallel;      /* transfers at once, 1 to 64; default 8 */
  int64_t connect_timeout_ms; /* default 5000; name look-up, TCP and TLS together */
  int64_t max_timeout_ms;     /* default 60000; no transfer takes longer, whatever its effect says */
  size_t max_header_bytes;    /* default 64 KiB; an answer with more is "too_large" */
  size_t max_body_bytes;      /* default 16 MiB; bounds what effects ask for */
  sluice_str ca_file;         /* PEM; default: the system's authorities */
  sluice_str ca_dir;          /* hashed as by openssl rehash; default: the system's */
} sluice_io_options;

/* Starts the thread, which at once begins with the jobs there are. `options` may be NULL. SLUICE_E_ARGUMENT: a value is
 * out of range or ca_file cannot be read; SLUICE_E_MEMORY: no memory, thread or descriptor. `message`, if not NULL,
 * receives a static text that says which. */
SLUICE_API sluice_status sluice_io_start(sluice_gateway* gateway, const sluice_io_options* options, sluice_io** io,
                                         const char** message) SLUICE_NOEXCEPT;

/* Readable while there is something to take; belongs to `io`, never read or close it. */
SLUICE_API int sluice_io_fd(const sluice_io* io) SLUICE_NOEXCEPT;

/* There may be a new job: call it after sluice_gateway_publish and whenever a transaction waits. Never blocks. */
SLUICE_API void sluice_io_kick(sluice_io* io) SLUICE_NOEXCEPT;

/* Takes up to `capacity` of the jobs that are done, the oldest first, and says how many. Never blocks. A host that does
 * not take them loses the oldest beyond 1,024. */
SLUICE_API size_t sluice_io_take_done(sluice_io* io, uint64_t* jobs, size_t capacity) SLUICE_NOEXCEPT;

/* Kicks, then blocks until the job is neither under way nor still to begin (SLUICE_OK) or the time is over
 * (SLUICE_WAIT). For a job that was done before the call it answers at once. */
SLUICE_API sluice_status sluice_io_wait(sluice_io* io, uint64_t job, int64_t timeout_ms) SLUICE_NOEXCEPT;

/* Cancels what is under way (its jobs fail with "cancelled"), ends the thread and frees `io`; takes NULL. Waits for no
 * peer: a few milliseconds. */
SLUICE_API void sluice_io_stop(sluice_io* io) SLUICE_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SLUICE_IO_H_ */
