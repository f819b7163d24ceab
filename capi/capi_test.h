/* A host in C, as hosts are: everything through sluice.h and nothing else. What its tests share; they are divided by
 * what a host does. */
#ifndef SLUICE_CAPI_CAPI_TEST_H_
#define SLUICE_CAPI_CAPI_TEST_H_

#include <stdio.h>
#include <string.h>

#include "capi/sluice.h"

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
      ++capi_test_failures;                                                    \
    }                                                                          \
  } while (0)

extern int capi_test_failures;

extern const char kPolicy[]; /* routes `orders`, open, and `keyed`, for alice, who has 2 requests an hour */
extern const sluice_now kNow;

sluice_str str(const char* text);
int is(sluice_str s, const char* text);
int contains(sluice_str s, const char* part);

/* Ends the test if it does not compile. */
sluice_policy* compile(const char* text);
sluice_gateway* gateway_with(const char* text);
sluice_request request_for(const char* target);
sluice_decision decision_of(const sluice_txn* txn);

/* The tests: capi_test_policy.c and so on. */
void test_policies(void);
void test_decisions(void);
void test_arguments(void);
void test_waiting(void);
void test_counters(void);
void test_redis_calls(void);
void test_redis_metrics(void);

#endif /* SLUICE_CAPI_CAPI_TEST_H_ */
