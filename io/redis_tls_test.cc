// Sentinels and clusters that speak nothing but TLS and want to know who is asking, over the whole way; and what is
// said when one of them is not believed, or does not believe us.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/redis_test_server.h"
#include "io/limits_node.h"
#include "io/redis_topology.h"

namespace sluice::io {
namespace {

constexpr char kAdmin[] = "admin-s3cret", kUser[] = "user-s3cret", kSentinelUser[] = "sentinel-s3cret";
// What docs/redis.md says that the user of a server needs, of sentinels and of a cluster.
const std::vector<std::string> kRights = {
    "on", std::string(">") + kUser, "~sluice:*", "+eval", "+evalsha", "+script|load", "+get", "+set", "+time", "+info"};

// A certificate, which is also the authority that it has to be trusted as.
struct Certificate {
  std::string cert, key;
};

Certificate MakeCertificate(const std::string& name, const std::string& alternative_names) {
  const std::string base = testing::TempDir() + "/" + name + std::to_string(getpid());
  Certificate made{base + ".pem", base + ".key"};
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + name +
      " -addext subjectAltName=" + alternative_names + " -keyout " + made.key + " -out " + made.cert + " 2>/dev/null";
  EXPECT_EQ(std::system(make.c_str()), 0);
  return made;
}

std::vector<std::string> TlsOptions(const Certificate& certificate) {
  return {"--tls-cert-file",    certificate.cert, "--tls-key-file",     certificate.key,
          "--tls-ca-cert-file", certificate.cert, "--tls-auth-clients", "no"};
}

std::vector<std::string> With(std::vector<std::string> all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Refused, and the operator is told by whom and why, and no password.
void ExpectTrouble(LimitsNode& node, const std::string& server, const std::string& cause) {
  const std::string told = node.Explain("203.0.113.1");
  EXPECT_TRUE(Has(told, "limits_unavailable")) << told;
  EXPECT_TRUE(Has(told, server)) << told;
  EXPECT_TRUE(Has(told, cause)) << told;
  EXPECT_FALSE(Has(told, "s3cret")) << told;
}

// ---- Clusters ----

class TlsCluster : public testing::Test {
 protected:
  static std::vector<std::string> Options(const Certificate& certificate) {
    return With(TlsOptions(certificate), {"--tls-cluster", "yes", "--requirepass", kAdmin});
  }
  static void AddUser(RedisCluster& cluster) {
    for (size_t i = 0; i < RedisCluster::kNodes; ++i)
      EXPECT_EQ(cluster[i].Run(With(With({"ACL", "SETUSER", "limits"}, kRights), {"+asking"})), "OK");
  }
  static std::string Through(const std::string& host, const std::string& port, const std::string& more = "",
                             const std::string& password = kUser) {
    return Policy("cluster_nodes: [{ip: " + host + ", port: " + port + "}], username: limits, password: " + password +
                  ", ssl: true" + more);
  }
  static void ExpectAllAreAsked(LimitsNode& node, RedisCluster& cluster) {
    node.AskUntil("198.51.100.1", 0);
    for (int i = 0; i < 60; ++i) EXPECT_EQ(node.Ask("203.0.113." + std::to_string(i)), 0u) << i;
    for (size_t i = 0; i < RedisCluster::kNodes; ++i) EXPECT_NE(cluster[i].Run({"DBSIZE"}), "0");
  }
};

TEST_F(TlsCluster, EachNodeIsBelievedByItsAddressAndAskedAsTheUser) {
  const Certificate certificate = MakeCertificate("addresses", "IP:127.0.0.1"),
                    other = MakeCertificate("other", "IP:127.0.0.1");
  RedisCluster cluster("--tls-port", Options(certificate), {"AUTH", kAdmin});
  AddUser(cluster);
  const std::string& port = cluster.port(0);
  LimitsNode node(Through("127.0.0.1", port, ", ssl_verify: true"), certificate.cert);
  ExpectAllAreAsked(node, cluster);
  EXPECT_LE(1 + node.AskUntil("203.0.113.7", 429), kLimit);

  LimitsNode stranger(Through("127.0.0.1", port, ", ssl_verify: true"), other.cert);
  ExpectTrouble(stranger, "127.0.0.1:" + port + ": tls: ", "certificate");
  LimitsNode misnamed(Through("127.0.0.1", port, ", ssl_verify: true, server_name: limits.test"), certificate.cert);
  ExpectTrouble(misnamed, "127.0.0.1:" + port + ": tls: ", "limits.test");
  LimitsNode impostor(Through("127.0.0.1", port, ", ssl_verify: true", "wrong-s3cret"), certificate.cert);
  ExpectTrouble(impostor, "127.0.0.1:" + port + ": greeting: ", "WRONGPASS");
  LimitsNode plain(Policy("cluster_nodes: [{ip: 127.0.0.1, port: " + port + "}], password: " + kAdmin));
  ExpectTrouble(plain, "127.0.0.1:" + port + ": ", "connect");
}

TEST_F(TlsCluster, OneNameHoldsForAllNodes) {
  const Certificate certificate = MakeCertificate("one_name", "DNS:limits.test");
  RedisCluster cluster("--tls-port", Options(certificate), {"AUTH", kAdmin});
  AddUser(cluster);
  LimitsNode node(Through("127.0.0.1", cluster.port(0), ", ssl_verify: true, server_name: limits.test"),
                  certificate.cert);
  ExpectAllAreAsked(node, cluster);
  LimitsNode by_address(Through("127.0.0.1", cluster.port(0), ", ssl_verify: true"), certificate.cert);
  ExpectTrouble(by_address, "127.0.0.1:" + cluster.port(0) + ": tls: ", "127.0.0.1");
}

TEST_F(TlsCluster, NodesAreBelievedByTheNamesThatRedirectionsGiveThem) {
  const Certificate certificate = MakeCertificate("names", "DNS:localhost");
  RedisCluster cluster("--tls-port",
                       With(Options(certificate), {"--cluster-announce-hostname", "localhost",
                                                   "--cluster-preferred-endpoint-type", "hostname"}),
                       {"AUTH", kAdmin});
  AddUser(cluster);
  LimitsNode node(Through("localhost", cluster.port(0), ", ssl_verify: true"), certificate.cert);
  ExpectAllAreAsked(node, cluster);
}

// ---- Sentinels ----

class TlsSentinel : public testing::Test {
 protected:
  static constexpr char kName[] = "limits";

  TlsSentinel() {
    for (RedisServer* server : {&master_, &replica_}) {
      EXPECT_EQ(server->Run({"AUTH", kAdmin}), "OK");
      EXPECT_EQ(server->Run(With(With({"ACL", "SETUSER", "limits"}, kRights), {"+role"})), "OK");
    }
    WaitUntil([&] { return Has(replica_.Run({"INFO", "replication"}), "master_link_status:up"); });
    WaitUntil([&] { return Has(AskSentinel({"SENTINEL", "REPLICAS", kName}), replica_port_); });
  }

  std::vector<std::string> Options() {
    return With(TlsOptions(certificate_), {"--tls-replication", "yes", "--requirepass", kAdmin});
  }
  std::string AskSentinel(const std::vector<std::string>& command) {
    EXPECT_EQ(sentinel_.Run({"AUTH", kAdmin}), "OK");  // it cuts who is connected
    return sentinel_.Run(command);
  }
  std::string Through(const std::string& more = "", const std::string& sentinel_password = kSentinelUser,
                      const std::string& password = kUser) {
    return Policy("sentinel_master: " + std::string(kName) + ", sentinel_nodes: [{host: 127.0.0.1, port: " +
                  sentinel_port_ + "}], sentinel_username: finder, sentinel_password: " + sentinel_password +
                  ", username: limits, password: " + password + ", ssl: true, ssl_verify: true" + more);
  }

  const Certificate certificate_ = MakeCertificate("sentinel", "IP:127.0.0.1");
  const std::string master_port_ = Port(), replica_port_ = Port(), sentinel_port_ = Port();
  RedisServer master_{With(Options(), {"--tls-port", master_port_, "--masterauth", kAdmin})};
  RedisServer replica_{With(
      Options(), {"--tls-port", replica_port_, "--masterauth", kAdmin, "--replicaof", "127.0.0.1 " + master_port_})};
  RedisServer sentinel_{With(Options(), {"--tls-port", sentinel_port_, "--sentinel"}),
                        std::string("sentinel monitor ") + kName + " 127.0.0.1 " + master_port_ + " 1\n" +
                            "sentinel auth-pass " + kName + " " + kAdmin + "\n" + "sentinel down-after-milliseconds " +
                            kName + " 500\n" + "sentinel failover-timeout " + kName + " 3000\n" + "user finder on >" +
                            kSentinelUser + " -@all +sentinel|get-master-addr-by-name\n"};
};

TEST_F(TlsSentinel, TellsTheMasterAndItsSuccessor) {
  LimitsNode node(Through(), certificate_.cert);
  int forwarded = node.AskUntil("203.0.113.1", 0);
  EXPECT_NE(master_.Run({"DBSIZE"}), "0");
  EXPECT_EQ(master_.Run({"WAIT", "1", "10000"}), "1");
  master_.Stop();
  EXPECT_EQ(node.AskUntil("203.0.113.2", 500), 0);
  node.AskUntil("203.0.113.2", 0);                  // the replica has become the master
  EXPECT_EQ(replica_.Run({"AUTH", kAdmin}), "OK");  // the sentinel has cut who was connected
  EXPECT_TRUE(Has(replica_.Run({"ROLE"}), "master"));
  forwarded += node.AskUntil("203.0.113.1", 429);
  EXPECT_LE(forwarded, kLimit);
}

TEST_F(TlsSentinel, SaysWhoIsNotBelievedAndWhoDoesNotBelieve) {
  const Certificate other = MakeCertificate("other_sentinel", "IP:127.0.0.1");
  const std::string sentinel = "sentinel 127.0.0.1:" + sentinel_port_, master = "127.0.0.1:" + master_port_;
  LimitsNode stranger(Through(), other.cert);
  ExpectTrouble(stranger, sentinel + ": tls: ", "certificate");
  LimitsNode misnamed(Through(", server_name: limits.test"), certificate_.cert);
  ExpectTrouble(misnamed, sentinel + ": tls: ", "limits.test");
  LimitsNode no_finder(Through("", "wrong-s3cret"), certificate_.cert);
  ExpectTrouble(no_finder, sentinel + ": greeting: ", "WRONGPASS");
  LimitsNode no_user(Through("", kSentinelUser, "wrong-s3cret"), certificate_.cert);
  ExpectTrouble(no_user, master + ": greeting: ", "WRONGPASS");
}

}  // namespace
}  // namespace sluice::io
