// How each entity is read from a node. References to entities of other kinds must be resolvable by then (Names::Index).
#ifndef SLUICE_POLICY_DOCUMENT_ENTITIES_H_
#define SLUICE_POLICY_DOCUMENT_ENTITIES_H_

#include "policy/document/document.h"
#include "policy/document/reader.h"

namespace sluice::policy {

void ReadPlan(Reader& reader, const Cursor& at, Plan* out);
void ReadService(Reader& reader, const Cursor& at, Service* out);
void ReadRoute(Reader& reader, const Cursor& at, Route* out);
void ReadUpstream(Reader& reader, const Cursor& at, Upstream* out);
void ReadTarget(Reader& reader, const Cursor& at, Target* out);
void ReadConsumerGroup(Reader& reader, const Cursor& at, ConsumerGroup* out);
void ReadConsumer(Reader& reader, const Cursor& at, Consumer* out);
void ReadJwtSecret(Reader& reader, const Cursor& at, JwtSecret* out);
void ReadKeyAuthCredential(Reader& reader, const Cursor& at, KeyAuthCredential* out);
void ReadBasicAuthCredential(Reader& reader, const Cursor& at, BasicAuthCredential* out);
void ReadHmacAuthCredential(Reader& reader, const Cursor& at, HmacAuthCredential* out);
void ReadMtlsAuthCredential(Reader& reader, const Cursor& at, MtlsAuthCredential* out);
void ReadAclGroup(Reader& reader, const Cursor& at, AclGroup* out);
void ReadCaCertificate(Reader& reader, const Cursor& at, CaCertificate* out);
void ReadKeySet(Reader& reader, const Cursor& at, KeySet* out);
void ReadKey(Reader& reader, const Cursor& at, size_t set, Key* out);  // `set`: that it is nested in, or kNone
void CheckKeys(Reader& reader);                                        // that their names and ids are unique

// A list of credentials inside of a consumer, which a `consumer` member may not contradict.
template <auto kMember, auto kRead>
void ReadCredentials(Reader& reader, const Cursor& at, Consumer* out) {
  reader.List(at, [&](const Cursor& item) {
    kRead(reader, item, &(out->*kMember).emplace_back());
    reader.Scope(item, "consumer", EntityKind::kConsumer, 0);
  });
}

// A consumer that stands for callers without a credential; "" means none.
template <typename Config>
void ReadAnonymous(Reader& reader, const Cursor& at, Config* out) {
  if (at.node->kind == NodeKind::kString && at.node->text.empty()) return;
  out->anonymous = reader.Reference(at, EntityKind::kConsumer);
}

// `scope` is what the place of the plugin says: the entity that it is nested in. False if its name is not known.
bool ReadPlugin(Reader& reader, const Cursor& at, const Plugin& scope, Plugin* out);

// A row of those that name a plan.
template <typename T>
void ReadPlanName(Reader& reader, const Cursor& at, T* out) {
  out->plan = reader.Reference(at, EntityKind::kPlan);
}

void ReadRevoked(Reader& reader, const Cursor& at, Document* out);

// The configuration of one plugin; a member of the table of plugins.cc.
void ReadJwtConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadKeyAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadBasicAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadHmacAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadAclConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadRateLimitingConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadRateLimitingAdvancedConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadRequestTransformerConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadRequestTerminationConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadCorrelationIdConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadMtlsAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadHeaderCertAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadOpenidConnectConfig(Reader& reader, const Cursor& at, PluginConfig* out);
void ReadJwtSignerConfig(Reader& reader, const Cursor& at, PluginConfig* out);

// Protocols that Kong knows; the websocket ones are not supported yet.
inline constexpr Word<Protocol> kProtocols[] = {
    {"http", Protocol::kHttp},
    {"https", Protocol::kHttps},
    {"grpc", Protocol::kGrpc},
    {"grpcs", Protocol::kGrpcs},
    {"tcp", Protocol::kTcp},
    {"tls", Protocol::kTls},
    {"tls_passthrough", Protocol::kTlsPassthrough},
    {"udp", Protocol::kUdp},
    {"ws", std::nullopt},
    {"wss", std::nullopt},
};

inline constexpr Word<JwtAlgorithm> kJwtAlgorithms[] = {
    {"HS256", JwtAlgorithm::kHs256}, {"HS384", JwtAlgorithm::kHs384}, {"HS512", JwtAlgorithm::kHs512},
    {"RS256", JwtAlgorithm::kRs256}, {"RS384", JwtAlgorithm::kRs384}, {"RS512", JwtAlgorithm::kRs512},
    {"ES256", JwtAlgorithm::kEs256}, {"ES384", JwtAlgorithm::kEs384}, {"ES512", JwtAlgorithm::kEs512},
    {"PS256", JwtAlgorithm::kPs256}, {"PS384", JwtAlgorithm::kPs384}, {"PS512", JwtAlgorithm::kPs512},
    {"EdDSA", JwtAlgorithm::kEdDsa},
};

// Whose key is a shared secret.
inline bool IsShared(JwtAlgorithm algorithm) { return algorithm <= JwtAlgorithm::kHs512; }

inline bool IsGrpc(Protocol protocol) { return protocol == Protocol::kGrpc || protocol == Protocol::kGrpcs; }

// Carries no HTTP.
inline bool IsStream(Protocol protocol) { return protocol >= Protocol::kTcp; }

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_ENTITIES_H_
