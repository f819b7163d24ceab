// Feeds requests made of any bytes to a gateway with every plugin. Lines: method, target, host, peer, then headers as
// "name: value". Checks what must hold for any input: a decision is made, its parts are within bounds, and nothing
// that could end a header line is ever put into one.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "policy/gateway.h"
#include "policy/testing.h"

namespace {

constexpr char kPolicy[] = R"yaml(
_format_version: "3.0"
ca_certificates:
- id: 0a000000-0000-0000-0000-000000000001
  cert: |
    -----BEGIN CERTIFICATE-----
    MIIBNDCB56ADAgECAhR+nu2FIk+CfmtN7Pntj/LC0GCUdzAFBgMrZXAwDzENMAsGA1UEAwwERnV6ejAgFw0yNjExMjQxMjAxMTJa
    GA8yMTI2MTAzMTEyMDExMlowDzENMAsGA1UEAwwERnV6ejAqMAUGAytlcAMhAPcNnLjic5aDzBH/d4XnS2YNXWqogPdDlcOZAg34
    4OUNo1MwUTAdBgNVHQ4EFgQUgiVpbbcWqeF+HuVYO08hemqoLKowHwYDVR0jBBgwFoAUgiVpbbcWqeF+HuVYO08hemqoLKowDwYD
    VR0TAQH/BAUwAwEB/zAFBgMrZXADQQAD96kCW/mU9tuz/QOcRfQ3pO+sffG1uXX30dcDH0deh7golzv6hxDGLyWpnAfUk0nZDAv1
    k2/WqTPoks+/EHwG
    -----END CERTIFICATE-----
key_sets:
- name: kong
  keys:
  - kid: fuzz
    pem:
      private_key: |
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEID5GJC07QUJLzIzd30ly80eZfiIE4YoUX31+Ociw+Zua
        -----END PRIVATE KEY-----
services:
- name: closed
  url: http://closed.internal/base
  plugins:
  - {name: jwt, config: {uri_param_names: [jwt], cookie_names: [jwt], secret_is_base64: false}}
  - {name: acl, config: {allow: [staff]}}
  routes: [{name: closed, paths: [/closed], hosts: ["*.example.com", api.example.org]}]
- name: keyed
  url: http://keyed.internal
  plugins:
  - {name: key-auth, config: {hide_credentials: true, anonymous: guest}}
  - {name: rate-limiting, config: {second: 1000000, limit_by: header, header_name: X-Caller}}
  - name: request-transformer
    config:
      remove: {headers: [X-A], querystring: [a]}
      rename: {headers: ["X-B:X-C"], querystring: ["b:c"]}
      replace: {headers: ["X-D:d"], querystring: ["d:e"]}
      add: {headers: ["X-E:e"], querystring: ["f:g"]}
      append: {headers: ["X-F:f"], querystring: ["h:i"]}
  routes: [{name: keyed, paths: [/keyed, "~/k(?<id>[0-9]+)"]}]
- name: walled
  url: http://walled.internal
  plugins:
  - {name: basic-auth, config: {hide_credentials: true}}
  - {name: jwt-signer, config: {access_token_signing_algorithm: EdDSA, set_claims: {aud: walled}}}
  routes: [{name: walled, paths: [/walled]}]
- name: signed
  url: http://signed.internal
  plugins: [{name: hmac-auth, config: {clock_skew: 31536000, enforce_headers: ["@request-target"], hide_credentials: true}}]
  routes: [{name: signed, paths: [/signed]}]
- name: vouched
  url: http://vouched.internal
  plugins:
  - name: header-cert-auth
    config:
      ca_certificates: [0a000000-0000-0000-0000-000000000001]
      certificate_header_name: X-Cert
      certificate_header_format: url_encoded
      skip_consumer_lookup: true
      trusted_ips: [10.0.0.0/8]
      revocation_check_mode: SKIP
  routes: [{name: vouched, paths: [/vouched]}]
- name: stopped
  url: http://stopped.internal
  plugins: [{name: request-termination, config: {status_code: 418, message: stop, trigger: stop}}]
  routes: [{name: stopped, paths: [/]}]
plugins: [{name: correlation-id, config: {echo_downstream: true}}]
consumers:
- {username: guest}
- username: alice
  keyauth_credentials: [{key: k}]
  basicauth_credentials: [{username: u, password: p}]
  hmacauth_credentials: [{username: s, secret: x}]
  acls: [{group: staff}]
  jwt_secrets: [{key: a, secret: 0123456789abcdef0123456789abcdef}]
)yaml";

std::string_view TakeLine(std::string_view& text) {
  size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckDecision(const sluice::Decision& d) {
  Check(d.action == sluice::Action::kForward || d.action == sluice::Action::kRespond);
  Check(d.action == sluice::Action::kForward ? d.status == 0 : d.status >= 200 && d.status < 600);
  Check(d.reason.empty() == (d.action == sluice::Action::kForward));
  for (auto changes : {d.request_headers, d.response_headers})
    for (const sluice::HeaderChange& change : changes)
      Check(change.value.find_first_of(std::string_view("\r\n\0", 3)) == change.value.npos);
  for (char c : d.upstream.path) Check(static_cast<unsigned char>(c) > 0x20 || c == 0x20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static sluice::Gateway* const gateway = [] {
    auto* made = new sluice::Gateway();
    made->Publish(sluice::testing::MustCompile(kPolicy));
    return made;
  }();
  static auto* const txn = new sluice::Transaction(*gateway);

  std::string_view text(reinterpret_cast<const char*>(data), size);
  sluice::Request request;
  request.method = TakeLine(text);
  request.target = TakeLine(text);
  request.host = TakeLine(text);
  request.peer = TakeLine(text);
  std::vector<sluice::Header> headers;
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    size_t colon = line.find(": ");
    headers.push_back({line.substr(0, colon), colon == line.npos ? std::string_view() : line.substr(colon + 2)});
  }
  request.headers = headers.data();
  request.header_count = headers.size();
  txn->Begin(request, sluice::testing::kStart, {.trace = size % 2 == 0, .can_wait = true});
  CheckDecision(txn->decision());
  txn->Report({200, 0, ""}, sluice::testing::kStart);
  return 0;
}
