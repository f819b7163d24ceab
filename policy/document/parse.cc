#include "policy/document/parse.h"

#include <algorithm>
#include <deque>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/entities.h"
#include "policy/document/problems.h"
#include "policy/document/reader.h"
#include "policy/document/tree.h"

namespace sluice::policy {
namespace {

// ---- The top level
// ---------------------------------------------------------------------------------------------------

void ReadVersion(Reader& reader, const Cursor& at, Document* out) {
  // Unquoted it is a number, of which nothing but these three spellings is accepted.
  if (at.node->text != "1.1" && at.node->text != "2.1" && at.node->text != "3.0") {
    reader.Expected(at, "\"1.1\", \"2.1\" or \"3.0\"");
    return;
  }
  out->format_version = std::string(at.node->text);
}

// With `_transform: false` Kong takes passwords as hashed already.
void ReadTransform(Reader& reader, const Cursor& at, Document*) {
  bool transform = true;
  if (reader.Bool(at, &transform) && !transform) reader.NotSupported(at, "_transform: false", "remove it");
}

void ReadInfo(Reader& reader, const Cursor& at, Document*) {
  Reader::WithMember(at, "defaults", [&](const Cursor& defaults) {
    reader.NotSupported(defaults, "_info.defaults", "write the values into the entities");
  });
}

constexpr Field<Document> kTopFields[] = {
    {"_format_version", ReadVersion, kRequired},
    {"_transform", ReadTransform},
    {"_info", ReadInfo},
    {"_comment", Skip<Document>},
    {"_ignore", Skip<Document>},
    {"_workspace", Skip<Document>},
    {"services", Skip<Document>},
    {"routes", Skip<Document>},
    {"consumers", Skip<Document>},
    {"consumer_groups", Skip<Document>},
    {"consumer_group_consumers", Skip<Document>},
    {"consumer_group_plugins", Skip<Document>},
    {"upstreams", Skip<Document>},
    {"targets", Skip<Document>},
    {"plugins", Skip<Document>},
    {"plans", Skip<Document>},
    {"plan", Skip<Document>},
    {"revoked", ReadRevoked},
    {"jwt_secrets", Skip<Document>},
    {"keyauth_credentials", Skip<Document>},
    {"basicauth_credentials", Skip<Document>},
    {"hmacauth_credentials", Skip<Document>},
    {"acls", Skip<Document>},
    {"_konnect", NotYet<Document>},
    {"_plugin_configs", NotYet<Document>},
    {"ca_certificates", Skip<Document>},
    {"certificates", NotYetList<Document>},
    {"custom_plugins", NotYetList<Document>},
    {"degraphql_routes", NotYetList<Document>},
    {"filter_chains", NotYetList<Document>},
    {"key_sets", Skip<Document>},
    {"keys", Skip<Document>},
    {"licenses", NotYetList<Document>},
    {"mtls_auth_credentials", Skip<Document>},
    {"oauth2_credentials", NotYetList<Document>},
    {"partials", NotYetList<Document>},
    {"rbac_roles", NotYetList<Document>},
    {"service_packages", NotYetList<Document>},
    {"snis", NotYetList<Document>},
    {"vaults", NotYetList<Document>},
};

// ---- Passes
// ----------------------------------------------------------------------------------------------------------

// Entities are read kind by kind, so that what a field refers to has been read before: plans, authorities, keys,
// consumer groups, consumers, upstreams, services, routes, and last the plugins that may be bound to any of them. Each
// item of a list gives one entity, even a broken one: item i of `services` is document.services[i].
class DocumentReader {
 public:
  DocumentReader(Reader* reader, const Cursor& root) : reader_(*reader), root_(root), document_(reader->document()) {}

  void Run() {
    if (!reader_.Map(root_, kTopFields, &document_)) return;
    ReadAll("plans", EntityKind::kPlan, ReadPlan, &document_.plans);
    Reader::WithMember(root_, "plan", [&](const Cursor& plan) { ReadPlanName(reader_, plan, &document_); });
    ReadAll("ca_certificates", EntityKind::kCaCertificate, ReadCaCertificate, &document_.ca_certificates);
    ReadAll("key_sets", EntityKind::kKeySet, ReadKeySet, &document_.key_sets);
    ReadKeys();
    ReadAll("consumer_groups", EntityKind::kConsumerGroup, ReadConsumerGroup, &document_.consumer_groups);
    ReadAll("consumers", EntityKind::kConsumer, ReadConsumer, &document_.consumers);
    ReadMemberships();
    ReadFlatCredentials();
    CheckCredentials();
    ReadAll("upstreams", EntityKind::kUpstream, ReadUpstream, &document_.upstreams);
    ReadFlatTargets();
    ReadAll("services", EntityKind::kService, ReadService, &document_.services);
    for (Service& service : document_.services)
      service.upstream = reader_.names().Find(EntityKind::kUpstream, service.host);
    if (!ReadRoutes()) return;
    ReadPlugins();
    CheckPlugins();
  }

 private:
  template <typename F>
  void ForEach(const Cursor& map, std::string_view list, F f) {
    Reader::WithMember(map, list, [&](const Cursor& member) { reader_.List(member, f); });
  }

  template <typename T>
  void ReadAll(std::string_view list, EntityKind kind, void (*read)(Reader&, const Cursor&, T*), std::vector<T>* out) {
    ForEach(root_, list, [&](const Cursor& item) { read(reader_, item, &out->emplace_back()); });
    Index(kind);
  }

  void Index(EntityKind kind) {
    for (const Names::Clash& clash : reader_.names().Index(kind))
      reader_.ErrorAt(reader_.names().OriginOf(kind, clash.second).At(clash.field), "duplicate_name",
                      absl::StrCat("two ", ToString(kind), "s have the ", clash.field, " `", clash.name, "`"),
                      "rename one of them", {reader_.names().OriginOf(kind, clash.first).At(clash.field)});
  }

  // In the order of their sets, and of keys in a set.
  void ReadKeys() {
    size_t count = 0;
    auto read = [&](const Cursor& key, size_t set) {
      if (++count <= limits::kSigningKeys) ReadKey(reader_, key, set, &document_.keys.emplace_back());
      if (count == limits::kSigningKeys + 1)
        reader_.Error(key, "too_large", absl::StrCat("more than ", limits::kSigningKeys, " keys"),
                      "leave out those that nobody verifies tokens with any more");
    };
    size_t set = 0;
    ForEach(root_, "key_sets", [&](const Cursor& item) {
      ForEach(item, "keys", [&](const Cursor& key) { read(key, set); });
      ++set;
    });
    ForEach(root_, "keys", [&](const Cursor& key) { read(key, kNone); });
    CheckKeys(reader_);
  }

  // ---- Consumers ----

  void Join(size_t consumer, size_t group) {
    if (consumer == kNone || group == kNone) return;
    std::vector<size_t>& groups = document_.consumers[consumer].groups;
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }

  // Beside `groups` of a consumer: `consumers` of a group (decK), and `consumer_group_consumers` (DB-less Kong).
  void ReadMemberships() {
    size_t group = 0;
    ForEach(root_, "consumer_groups", [&](const Cursor& item) {
      ForEach(item, "consumers",
              [&](const Cursor& consumer) { Join(reader_.Reference(consumer, EntityKind::kConsumer), group); });
      ++group;
    });
    struct Membership {
      size_t consumer = kNone;
      size_t group = kNone;
    };
    static constexpr Field<Membership> kFields[] = {
        {"consumer",
         [](Reader& r, const Cursor& at, Membership* m) { m->consumer = r.Reference(at, EntityKind::kConsumer); },
         kRequired},
        {"consumer_group",
         [](Reader& r, const Cursor& at, Membership* m) { m->group = r.Reference(at, EntityKind::kConsumerGroup); },
         kRequired},
        {"id", Skip<Membership>},
        {"created_at", Skip<Membership>},
    };
    ForEach(root_, "consumer_group_consumers", [&](const Cursor& item) {
      Membership membership;
      reader_.Map(item, kFields, &membership);
      Join(membership.consumer, membership.group);
    });
  }

  template <typename T>
  void ReadFlat(std::string_view list, void (*read)(Reader&, const Cursor&, T*), std::vector<T> Consumer::*member) {
    ForEach(root_, list, [&](const Cursor& item) {
      Cursor hidden = item;
      hidden.secret = true;
      T credential;
      read(reader_, hidden, &credential);
      if (item.node->kind != NodeKind::kMap) return;
      size_t consumer = reader_.Scope(item, "consumer", EntityKind::kConsumer, kNone);
      if (!Reader::IsSet(item, "consumer"))
        reader_.Error(item, "missing_field", "the field `consumer` is missing", "name the consumer that it belongs to");
      if (consumer != kNone) (document_.consumers[consumer].*member).push_back(std::move(credential));
    });
  }

  void ReadFlatCredentials() {
    ReadFlat("jwt_secrets", ReadJwtSecret, &Consumer::jwt_secrets);
    ReadFlat("keyauth_credentials", ReadKeyAuthCredential, &Consumer::keyauth_credentials);
    ReadFlat("basicauth_credentials", ReadBasicAuthCredential, &Consumer::basicauth_credentials);
    ReadFlat("hmacauth_credentials", ReadHmacAuthCredential, &Consumer::hmacauth_credentials);
    ReadFlat("mtls_auth_credentials", ReadMtlsAuthCredential, &Consumer::mtls_auth_credentials);
    ReadFlat("acls", ReadAclGroup, &Consumer::acls);
  }

  // Reports what two credentials claim; `key` itself is never shown.
  class Claims {
   public:
    Claims(Reader* reader, std::string_view what, std::string_view field)
        : reader_(*reader), what_(what), field_(field) {}
    void Add(std::string_view key, const Origin& origin) {
      if (key.empty()) return;
      auto [first, fresh] = seen_.try_emplace(key, &origin);
      if (!fresh)
        reader_.ErrorAt(origin.At(field_), "duplicate_credential", std::string(what_), "make one of them different",
                        {first->second->At(field_)});
    }

   private:
    Reader& reader_;
    std::string_view what_;
    std::string_view field_;
    absl::flat_hash_map<std::string_view, const Origin*> seen_;
  };

  void CheckCredentials() {
    Claims jwt(&reader_, "two jwt secrets have the same key", "key");
    Claims keys(&reader_, "two key-auth credentials have the same key", "key");
    Claims users(&reader_, "two basic auth credentials have the same username", "username");
    Claims signers(&reader_, "two hmac auth credentials have the same username", "username");
    Claims subjects(&reader_, "two mtls auth credentials have the same subject_name and ca_certificate",
                    "subject_name");
    Claims custom_ids(&reader_, "two consumers have the same custom_id", "custom_id");
    std::deque<std::string> subject_keys;
    for (const Consumer& consumer : document_.consumers) {
      custom_ids.Add(consumer.custom_id, consumer.origin);
      Claims groups(&reader_, "the consumer is in this acl group twice", "group");
      for (const JwtSecret& secret : consumer.jwt_secrets) jwt.Add(secret.key, secret.origin);
      for (const KeyAuthCredential& key : consumer.keyauth_credentials) keys.Add(key.key, key.origin);
      for (const BasicAuthCredential& user : consumer.basicauth_credentials) users.Add(user.username, user.origin);
      for (const HmacAuthCredential& signer : consumer.hmacauth_credentials)
        signers.Add(signer.username, signer.origin);
      for (const MtlsAuthCredential& subject : consumer.mtls_auth_credentials)
        if (!subject.subject_name.empty())
          subjects.Add(subject_keys.emplace_back(absl::StrCat(subject.ca_certificate, " ", subject.subject_name)),
                       subject.origin);
      for (const AclGroup& acl : consumer.acls) groups.Add(acl.group, acl.origin);
    }
  }

  // ---- Upstreams, routes ----

  void ReadFlatTargets() {
    ForEach(root_, "targets", [&](const Cursor& item) {
      Target target;
      ReadTarget(reader_, item, &target);
      if (item.node->kind != NodeKind::kMap) return;
      size_t upstream = reader_.Scope(item, "upstream", EntityKind::kUpstream, kNone);
      if (!Reader::IsSet(item, "upstream"))
        reader_.Error(item, "missing_field", "the field `upstream` is missing", "name the upstream that it belongs to");
      if (upstream != kNone) document_.upstreams[upstream].targets.push_back(std::move(target));
    });
  }

  void AddRoute(const Cursor& at, size_t service) {
    Route& route = document_.routes.emplace_back();
    ReadRoute(reader_, at, &route);
    route.service = reader_.Scope(at, "service", EntityKind::kService, service);
    if (route.service == kNone || route.protocols.empty()) return;
    const Protocol target = document_.services[route.service].protocol;
    if (IsStream(route.protocols[0]) == IsStream(target)) return;
    reader_.Error(at, "conflict",
                  absl::StrCat("a route for ", ToString(route.protocols[0]), " cannot lead to a service of protocol ",
                               ToString(target)),
                  "one of them carries HTTP and the other does not: correct `protocols`, or the service's `protocol`");
  }

  size_t CountRoutes() {
    size_t count = 0;
    auto add = [&](const Cursor& list) { count += list.node->size(); };
    ForEachService([&](const Cursor& item, size_t) { Reader::WithMember(item, "routes", add); });
    Reader::WithMember(root_, "routes", add);
    return count;
  }

  bool ReadRoutes() {
    size_t count = CountRoutes();
    if (count > limits::kRoutes) {
      return reader_.Error(root_, "too_large", absl::StrCat(count, " routes are more than ", limits::kRoutes),
                           "split the policy");
    }
    document_.routes.reserve(count);
    ForEachService([&](const Cursor& item, size_t service) {
      ForEach(item, "routes", [&](const Cursor& route) { AddRoute(route, service); });
    });
    ForEach(root_, "routes", [&](const Cursor& route) { AddRoute(route, kNone); });
    Index(EntityKind::kRoute);
    return true;
  }

  template <typename F>
  void ForEachService(F f) {
    size_t service = 0;
    ForEach(root_, "services", [&](const Cursor& item) { f(item, service++); });
  }

  // ---- Plugins ----

  void AddPlugins(const Cursor& map, std::string_view list, const Plugin& scope) {
    ForEach(map, list, [&](const Cursor& item) {
      Plugin plugin;
      if (ReadPlugin(reader_, item, scope, &plugin)) document_.plugins.push_back(std::move(plugin));
    });
  }

  void AddNested(std::string_view list, size_t Plugin::*scope) {
    size_t index = 0;
    ForEach(root_, list, [&](const Cursor& item) {
      Plugin bound;
      bound.*scope = index++;
      AddPlugins(item, "plugins", bound);
    });
  }

  void ReadPlugins() {
    AddPlugins(root_, "plugins", Plugin());
    AddPlugins(root_, "consumer_group_plugins", Plugin());
    AddNested("services", &Plugin::service);
    size_t route = 0;  // in the order of ReadRoutes
    auto add_route = [&](const Cursor& item) {
      Plugin bound;
      bound.route = route++;
      AddPlugins(item, "plugins", bound);
    };
    ForEachService([&](const Cursor& item, size_t) { ForEach(item, "routes", add_route); });
    ForEach(root_, "routes", add_route);
    AddNested("consumers", &Plugin::consumer);
    AddNested("consumer_groups", &Plugin::consumer_group);
  }

  // What the routes of one service are for, all together.
  struct ServiceRoutes {
    const Route* first = nullptr;
    uint8_t protocols = 0;
  };

  std::vector<ServiceRoutes> RoutesOfServices() const {
    std::vector<ServiceRoutes> all(document_.services.size());
    for (const Route& route : document_.routes) {
      if (route.service == kNone) continue;
      ServiceRoutes& routes = all[route.service];
      if (routes.first == nullptr) routes.first = &route;
      routes.protocols |= ProtocolsOf(route);
    }
    return all;
  }

  // Of one that says none, all: that has been reported.
  static uint8_t ProtocolsOf(const Route& route) {
    return route.protocols.empty() ? uint8_t{0xff} : ProtocolMask(route.protocols);
  }

  // A plugin that shares no protocol with its route, or with any route of its service, would never run. Kong refuses
  // it, too.
  void CheckMeets(const Plugin& plugin, const std::vector<ServiceRoutes>& routes_of) {
    const uint8_t protocols = ProtocolMask(plugin.protocols);
    if (protocols == 0) return;
    if (plugin.route != kNone) {
      const Route& route = document_.routes[plugin.route];
      if ((protocols & ProtocolsOf(route)) == 0)
        NeverRuns(plugin, absl::StrCat("its route, which is for ", ToString(route.protocols[0])), route);
    } else if (plugin.service != kNone) {
      const ServiceRoutes& routes = routes_of[plugin.service];
      if (routes.first != nullptr && (protocols & routes.protocols) == 0)
        NeverRuns(plugin, "any route of its service", *routes.first);
    }
  }

  void NeverRuns(const Plugin& plugin, std::string_view with, const Route& route) {
    reader_.ErrorAt(plugin.origin.place, "conflict",
                    absl::StrCat("plugin `", plugin.name, "` has no protocol in common with ", with),
                    "it would never run: remove it, or correct `protocols`", {route.origin.place});
  }

  // Kong allows one plugin of a name for each scope.
  void CheckPlugins() {
    using Key = std::tuple<std::string_view, size_t, size_t, size_t, size_t>;
    absl::flat_hash_map<Key, const Plugin*> seen;
    absl::flat_hash_map<std::string_view, const Plugin*> instances;
    const std::vector<ServiceRoutes> routes_of = RoutesOfServices();
    for (const Plugin& plugin : document_.plugins) {
      Key key(plugin.name, plugin.service, plugin.route, plugin.consumer, plugin.consumer_group);
      auto [first, fresh] = seen.try_emplace(key, &plugin);
      if (!fresh)
        reader_.ErrorAt(plugin.origin.place, "duplicate_plugin",
                        absl::StrCat("two plugins `", plugin.name, "` have the same scope"), "remove one of the two",
                        {first->second->origin.place});
      CheckMeets(plugin, routes_of);
      if (plugin.instance_name.empty()) continue;
      auto [same, new_name] = instances.try_emplace(plugin.instance_name, &plugin);
      if (!new_name)
        reader_.ErrorAt(plugin.origin.At("instance_name"), "duplicate_name",
                        absl::StrCat("two plugins have the instance name `", plugin.instance_name, "`"),
                        "rename one of them", {same->second->origin.At("instance_name")});
    }
  }

  Reader& reader_;
  const Cursor root_;
  Document& document_;
};

void ReadWhole(Reader& reader, const Cursor& root) { DocumentReader(&reader, root).Run(); }

constexpr Field<Document> kRevokedFields[] = {{"revoked", ReadRevoked, kRequired}};

void ReadOnlyRevoked(Reader& reader, const Cursor& root) { reader.Map(root, kRevokedFields, &reader.document()); }

using Read = void (*)(Reader& reader, const Cursor& root);

void ParseInto(std::string_view text, const ParseOptions& options, Read read, Problems* problems, Document* document) {
  std::optional<Tree> tree = ParseTree(text, options, problems);
  if (!tree) return;
  Reader reader(options.file_name, problems);
  read(reader, Cursor{&tree->root()});
  *document = std::move(reader.document());
}

ParseResult ParseBy(Read read, std::string_view text, const ParseOptions& options) {
  ParseResult result;
  Problems problems;
  try {
    ParseInto(text, options, read, &problems, &result.document);
  } catch (...) {  // std::bad_alloc, or whatever the caller's lookup throws
    Diagnostic problem;
    problem.code = "unreadable";
    problem.message = "the document cannot be read: no memory is left, or the environment lookup failed";
    problem.where.file = options.file_name;
    problems.Add(std::move(problem));
  }
  result.document.file_name = options.file_name;
  result.diagnostics = problems.Take(options.file_name);
  return result;
}

}  // namespace

ParseResult Parse(std::string_view text, const ParseOptions& options) { return ParseBy(ReadWhole, text, options); }

ParseResult ParseRevoked(std::string_view text, const ParseOptions& options) {
  return ParseBy(ReadOnlyRevoked, text, options);
}

}  // namespace sluice::policy
