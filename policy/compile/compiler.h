// Document → Snapshot, one file for each part of it. Internal to policy/.
#ifndef SLUICE_POLICY_COMPILE_COMPILER_H_
#define SLUICE_POLICY_COMPILE_COMPILER_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/token_sign.h"
#include "base/diagnostic.h"
#include "policy/document/document.h"
#include "policy/gateway.h"
#include "policy/snapshot.h"
#include "router/route_spec.h"

namespace sluice {

// tokens.cc
std::vector<auth::Revocation> RevocationsOf(const policy::Document& document);

class Compiler {
 public:
  // `known`: what was wrong with the document when it was read.
  Compiler(const policy::Document& document, const Diagnostics& known, const CompileOptions& options,
           Snapshot* snapshot, Diagnostics* diagnostics)
      : document_(document), known_(known), options_(options), snapshot_(*snapshot), diagnostics_(*diagnostics) {}

  // What the table was built from, and the services of it.
  std::vector<router::RouteSpec> TakeRoutes() { return std::move(specs_); }
  std::vector<std::string> RouteServices() const;

  // Errors go to the diagnostics; a snapshot with errors must not be used.
  void Compile();

 private:
  // compiler.cc
  void Error(const policy::Origin& origin, std::string_view path, std::string code, std::string message,
             std::string hint = "");
  void Upstreams();
  void Services();
  void Routes();
  void LocateInRoutes(size_t first);

  // plans.cc
  void Plans();
  bool CompileLimit(const policy::Origin& origin, std::string_view path, const std::string& id,
                    const ratelimit::LimitSpec& spec, CompiledLimit* limit);
  void LimitGroup(const policy::Plugin& plugin, std::string_view field, RateLimitingPlugin* compiled);
  uint32_t Keep(const policy::Plugin& plugin, RateLimitingPlugin limiter);  // its place in the snapshot
  CompiledSharing Share(const policy::Origin& origin, std::string_view path, const policy::Sharing& sharing,
                        std::string_view name, const std::vector<ratelimit::Limit>& limits);
  void ShareAll(const policy::Plugin& plugin, const policy::Sharing& sharing, std::string_view name,
                RateLimitingPlugin* limiter);
  void SharePlan(const policy::Plan& plan, bool of_callers, CompiledPlan* out);
  void PlanLimit(const policy::Plan& plan, const policy::Limit& limit, const std::string& id, CompiledPlan* out);

  // consumers.cc
  void Groups();
  void Consumers();
  void JwtSecrets(const policy::Consumer& consumer, uint32_t index);
  void WarnOfShortSecret(const policy::JwtSecret& secret, auth::Algorithm algorithm);
  void ApiKeys(const policy::Consumer& consumer, uint32_t index);
  void SigningSecrets(const policy::Consumer& consumer, uint32_t index);
  void Passwords(const policy::Consumer& consumer, uint32_t index);
  std::optional<auth::ApiKeyTable> Digests(const std::vector<auth::ApiKey>& keys);

  // certificates.cc
  void Authorities();
  void Subjects(const policy::Consumer& consumer, uint32_t index);
  uint32_t Add(const policy::Plugin& plugin, const policy::CertificateAuthConfig& config);  // of either plugin

  // tokens.cc
  void RevokedTokens();
  uint32_t Add(const policy::Plugin& plugin, const policy::JwtConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::OpenidConnectConfig& config);
  void Provider(const policy::Plugin& plugin, std::string_view path, const policy::TokenIssuer& issuer, JwtPlugin* jwt);
  std::shared_ptr<const auth::KeySet> StaticKeys(const policy::Plugin& plugin, std::string_view path,
                                                 const std::string& jwks, const auth::JwkSetOptions& options);
  uint32_t KeySource(auth::KeySetSourceOptions options);  // its place in the snapshot
  uint32_t JwtSource(const policy::Plugin& plugin, std::string_view path, const policy::TokenIssuer& issuer);

  // keys.cc
  void Keys();
  std::optional<std::string> ReadKey(const policy::Key& key);  // its public half as a JWK
  void PublishKeys(const std::vector<std::optional<std::string>>& jwks);
  std::optional<std::string> PublicHalf(const policy::Key& key, std::string_view field, const std::string& pem);
  void FindFaultyKeys();
  bool HasFaultyKey(size_t set) const;

  // signer.cc
  uint32_t Add(const policy::Plugin& plugin, const policy::JwtSignerConfig& config);
  void CheckClaims(const policy::Plugin& plugin, const JwtSignerPlugin& signer);
  struct KeyToSignWith {
    std::shared_ptr<const auth::TokenSigner> signer;  // null: none fits
    std::string kid;
    size_t overhead = 0;
    std::string why_not;
  };
  KeyToSignWith FindSigningKey(size_t set, std::string_view algorithm) const;
  void SigningKey(const policy::Plugin& plugin, const policy::JwtSignerConfig& config, JwtSignerPlugin* compiled);

  // plugins.cc
  void Plugins();
  void Place(const policy::Plugin& plugin, PluginKind kind, uint32_t config);
  uint32_t Add(const policy::Plugin& plugin, const policy::KeyAuthConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::BasicAuthConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::HmacAuthConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::AclConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::RateLimitingConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::RateLimitingAdvancedConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::RequestTransformerConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::RequestTerminationConfig& config);
  uint32_t Add(const policy::Plugin& plugin, const policy::CorrelationIdConfig& config);
  std::string ScopeName(const policy::Plugin& plugin) const;

  uint32_t AclGroup(const std::string& name);
  std::string RouteName(size_t index) const;
  std::string ServiceName(size_t index) const;

  const policy::Document& document_;
  const Diagnostics& known_;
  const CompileOptions& options_;
  Snapshot& snapshot_;
  Diagnostics& diagnostics_;
  std::vector<router::RouteSpec> specs_;
  std::vector<bool> fit_authorities_;  // of the document's, those that can be trusted
  std::map<std::string, uint32_t> acl_groups_;
  uint64_t verifiers_ = 0;                        // so many configurations have a name in the token cache
  uint64_t signers_ = 0;                          // likewise, in that of signed tokens
  std::vector<std::vector<size_t>> keys_of_set_;  // into the document's; at the end those of no set
  std::vector<bool> faulty_keys_;                 // by key: an error is reported about it
  std::map<std::pair<size_t, policy::JwtAlgorithm>, KeyToSignWith> signing_keys_;  // by key set
  std::vector<auth::ApiKey> api_keys_;                                             // views into the document
  std::vector<auth::ApiKey> passwords_;                                            // views into user_passwords_
  std::deque<std::string> user_passwords_;
};

inline Spot SpotOf(const policy::Origin& origin) { return {origin.place.line, origin.place.column}; }
inline uint32_t Index(size_t index) { return index == policy::kNone ? kNone : static_cast<uint32_t>(index); }

}  // namespace sluice

#endif  // SLUICE_POLICY_COMPILE_COMPILER_H_
