// README's host in C++, whose snippet is the body of a function here.
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>

#include "gtest/gtest.h"
#include "policy/gateway.h"

namespace {

std::string did;

void Forward(const sluice::UpstreamChoice& upstream, std::span<const sluice::HeaderChange>) {
  did = "forward to " + std::string(upstream.host) + std::string(upstream.path);
}

void Answer(uint32_t status, std::string_view, std::span<const sluice::HeaderChange>) {
  did = "answer " + std::to_string(status);
}

int RunSnippet(const std::string& text, int64_t wall_ns, int64_t mono_ns) {
#include "examples/readme/snippet.cc.inc"
  return 0;
}

TEST(Readme, CppSnippet) {
  std::ifstream file("examples/policies/groups.yaml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(RunSnippet(text, 1, 1), 0);
  EXPECT_EQ(did, "forward to 127.0.0.1/");
  EXPECT_EQ(RunSnippet("nonsense", 1, 1), 1);
}

}  // namespace
