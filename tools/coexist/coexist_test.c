/* A program that uses OpenSSL 3 and Sluice at once: OpenSSL makes keys and signs RS256 and ES256 tokens, Sluice accepts
 * them and refuses forged ones, and OpenSSL verifies the same signatures in between. With SLUICE_BY_DLOPEN the library
 * is loaded (the program's argument), else it is linked. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capi/sluice.h"

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

/* ---- Sluice, linked or loaded ---- */

static struct {
  __typeof__(&sluice_policy_compile) policy_compile;
  __typeof__(&sluice_policy_free) policy_free;
  __typeof__(&sluice_gateway_new) gateway_new;
  __typeof__(&sluice_gateway_free) gateway_free;
  __typeof__(&sluice_gateway_publish) gateway_publish;
  __typeof__(&sluice_txn_begin) txn_begin;
  __typeof__(&sluice_txn_decision) txn_decision;
  __typeof__(&sluice_txn_free) txn_free;
  __typeof__(&sluice_error_message) error_message;
} api;

#ifdef SLUICE_BY_DLOPEN
static void LoadSluice(const char* path) {
  /* Global: the arrangement in which symbols of the two libraries would mix if they could. */
  void* library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!library) fprintf(stderr, "%s\n", dlerror());
  CHECK(library);
#define LOAD(name) CHECK((*(void**)& api.name = dlsym(library, "sluice_" #name)) != NULL)
#else
static void LoadSluice(const char* path) {
  (void)path;
#define LOAD(name) api.name = sluice_##name
#endif
  LOAD(policy_compile);
  LOAD(policy_free);
  LOAD(gateway_new);
  LOAD(gateway_free);
  LOAD(gateway_publish);
  LOAD(txn_begin);
  LOAD(txn_decision);
  LOAD(txn_free);
  LOAD(error_message);
}

/* ---- Tokens, made and verified with OpenSSL ---- */

enum { kMaxToken = 4096 };

typedef struct Signer {
  const char* algorithm;
  EVP_PKEY* key;
  char pem[2048]; /* the public key, each line after the first indented for YAML */
} Signer;

static void Encode(const unsigned char* data, size_t size, char* out) {
  EVP_EncodeBlock((unsigned char*)out, data, (int)size);
  for (char* c = out; *c; ++c) *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
  out[strcspn(out, "=")] = '\0';
}

/* JWS wants r and s side by side, 32 bytes each (RFC 7518, 3.4); OpenSSL gives DER. */
static size_t DerToRaw(unsigned char* signature, size_t size) {
  const unsigned char* at = signature;
  ECDSA_SIG* sig = d2i_ECDSA_SIG(NULL, &at, (long)size);
  CHECK(sig);
  BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32);
  ECDSA_SIG_free(sig);
  return 64;
}

/* OpenSSL's own opinion of a signature that it has just made, and of the same with a bit changed. */
static void VerifyWithOpenssl(EVP_PKEY* key, const char* text, unsigned char* signature, size_t size) {
  for (int flip = 0; flip < 2; ++flip) {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    signature[size - 1] ^= (unsigned char)flip;
    CHECK(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1);
    CHECK((EVP_DigestVerify(context, signature, size, (const unsigned char*)text, strlen(text)) == 1) == !flip);
    signature[size - 1] ^= (unsigned char)flip;
    EVP_MD_CTX_free(context);
  }
}

static void Mint(const Signer* signer, char* token) {
  char header[64];
  char claims[64];
  unsigned char signature[512];
  size_t size = sizeof signature;
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", signer->algorithm);
  snprintf(claims, sizeof claims, "{\"iss\":\"%s\",\"exp\":1760003600}", signer->algorithm);
  Encode((const unsigned char*)header, strlen(header), token);
  strcat(token, ".");
  Encode((const unsigned char*)claims, strlen(claims), token + strlen(token));
  CHECK(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, signer->key) == 1);
  CHECK(EVP_DigestSign(context, signature, &size, (const unsigned char*)token, strlen(token)) == 1);
  EVP_MD_CTX_free(context);
  VerifyWithOpenssl(signer->key, token, signature, size);
  if (signer->algorithm[0] == 'E') size = DerToRaw(signature, size);
  strcat(token, ".");
  Encode(signature, size, token + strlen(token));
}

static void MakeSigner(const char* algorithm, EVP_PKEY* key, Signer* signer) {
  char line[128];
  BIO* bio = BIO_new(BIO_s_mem());
  CHECK(key && PEM_write_bio_PUBKEY(bio, key) == 1);
  signer->algorithm = algorithm;
  signer->key = key;
  signer->pem[0] = '\0';
  while (BIO_gets(bio, line, sizeof line) > 0) {
    strcat(signer->pem, "      ");
    strcat(signer->pem, line);
  }
  BIO_free(bio);
}

/* ---- The test ---- */

static sluice_str Str(const char* text) {
  sluice_str out = {text, strlen(text)};
  return out;
}

static sluice_gateway* MakeGateway(const Signer* rsa, const Signer* ec) {
  char document[8192];
  sluice_policy* policy = NULL;
  sluice_gateway* gateway = NULL;
  sluice_error* error = NULL;

  snprintf(document, sizeof document,
           "_format_version: '3.0'\n"
           "services:\n"
           "- {name: orders, url: 'http://orders.internal:8080', routes: [{name: all, paths: [/]}]}\n"
           "plugins:\n"
           "- {name: jwt, config: {claims_to_verify: [exp]}}\n"
           "consumers:\n"
           "- username: alice\n"
           "  jwt_secrets:\n"
           "  - key: RS256\n"
           "    algorithm: RS256\n"
           "    rsa_public_key: |\n%s"
           "  - key: ES256\n"
           "    algorithm: ES256\n"
           "    rsa_public_key: |\n%s",
           rsa->pem, ec->pem);
  if (api.policy_compile(Str(document), NULL, &policy, &error) != SLUICE_OK) {
    sluice_str message = api.error_message(error);
    fprintf(stderr, "%.*s\n", (int)message.size, message.data);
    exit(1);
  }
  CHECK(api.gateway_new(NULL, &gateway, NULL) == SLUICE_OK);
  CHECK(api.gateway_publish(gateway, policy) == SLUICE_OK);
  api.policy_free(policy);
  return gateway;
}

/* 0 if the token passed, else the status it was refused with. */
static uint32_t Decide(sluice_gateway* gateway, const char* token) {
  char authorization[kMaxToken + 16];
  sluice_pair header;
  sluice_request request;
  sluice_decision decision;
  sluice_now now = {1760000000000000000, 1000000000};
  sluice_txn* txn = NULL;

  snprintf(authorization, sizeof authorization, "Bearer %s", token);
  header.name = Str("authorization");
  header.value = Str(authorization);
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.method = Str("GET");
  request.target = Str("/");
  request.host = Str("api.example.com");
  request.headers = &header;
  request.header_count = 1;
  memset(&decision, 0, sizeof decision);
  decision.struct_size = sizeof decision;
  CHECK(api.txn_begin(gateway, &request, &now, &txn) == SLUICE_OK);
  CHECK(api.txn_decision(txn, &decision) == SLUICE_OK);
  if (decision.action == SLUICE_ACTION_FORWARD) CHECK(decision.consumer.size == 5);
  uint32_t status = decision.action == SLUICE_ACTION_FORWARD ? 0 : decision.status;
  api.txn_free(txn);
  return status;
}

static void TestSigner(sluice_gateway* gateway, const Signer* signer, const Signer* stranger) {
  char token[kMaxToken];
  Mint(signer, token);
  CHECK(Decide(gateway, token) == 0);

  /* One bit of the signature changed, in the middle: the last letter may hold unused bits. */
  char* middle = strrchr(token, '.') + 20;
  *middle = *middle == 'A' ? 'B' : 'A';
  CHECK(Decide(gateway, token) == 401);

  Mint(stranger, token);
  CHECK(Decide(gateway, token) == 401);
}

int main(int argc, char** argv) {
  Signer rsa, ec, strange_rsa, strange_ec;
  LoadSluice(argc > 1 ? argv[1] : NULL);

  /* The headers and the library are OpenSSL's, not those of BoringSSL. */
  CHECK(strncmp(OpenSSL_version(OPENSSL_VERSION), "OpenSSL 3", 9) == 0);
  MakeSigner("RS256", EVP_RSA_gen(2048), &rsa);
  MakeSigner("ES256", EVP_EC_gen("P-256"), &ec);
  MakeSigner("RS256", EVP_RSA_gen(2048), &strange_rsa);
  MakeSigner("ES256", EVP_EC_gen("P-256"), &strange_ec);

  sluice_gateway* gateway = MakeGateway(&rsa, &ec);
  for (int round = 0; round < 3; ++round) {
    TestSigner(gateway, &rsa, &strange_rsa);
    TestSigner(gateway, &ec, &strange_ec);
  }
  api.gateway_free(gateway);
  EVP_PKEY_free(rsa.key);
  EVP_PKEY_free(ec.key);
  EVP_PKEY_free(strange_rsa.key);
  EVP_PKEY_free(strange_ec.key);
  puts("OpenSSL and Sluice agree on RS256 and ES256");
  return 0;
}
