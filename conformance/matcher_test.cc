// The C++ matcher agrees with matcher_cases.json, as the Python one must (loader_test.py).
#include "conformance/matcher.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "policy/json/json_reader.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1]);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  sluice::JsonReader reader;
  std::string error;
  const sluice::JsonNode* cases = reader.Read(text, {}, &error);
  if (cases == nullptr || cases->count < 20) return std::fprintf(stderr, "%s: %s\n", argv[1], error.c_str()), 1;
  int wrong = 0;
  for (const sluice::JsonNode& test : *cases) {
    bool fits = sluice::conformance::Differences(*test.Find("expected"), *test.Find("actual")).empty();
    if (fits == test.Find("fits")->boolean) continue;
    std::printf("wrong: %s\n", std::string(test.Find("about")->text).c_str());
    ++wrong;
  }
  std::printf("%zu cases, %d wrong\n", cases->count, wrong);
  return wrong == 0 ? 0 : 1;
}
