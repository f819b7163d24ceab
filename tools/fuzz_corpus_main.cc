// Stands in for libFuzzer's main in ordinary builds: feeds every file named on the command line, the empty input, and
// a few thousand mutations of each file (seeded, so that a failure repeats) to the fuzz target.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

void Mutate(Bytes& bytes, std::mt19937& random) {
  switch (bytes.empty() ? 0 : random() % 4) {
    case 0: bytes.insert(bytes.begin() + random() % (bytes.size() + 1), static_cast<uint8_t>(random())); break;
    case 1: bytes.erase(bytes.begin() + random() % bytes.size()); break;
    case 2: bytes[random() % bytes.size()] ^= static_cast<uint8_t>(1u << random() % 8); break;
    case 3: bytes.resize(random() % bytes.size()); break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kMutationsPerFile = 500;
  LLVMFuzzerTestOneInput(nullptr, 0);
  int inputs = 1;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", argv[i]);
      return 1;
    }
    const Bytes original((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    LLVMFuzzerTestOneInput(original.data(), original.size());
    std::mt19937 random(static_cast<uint32_t>(i));
    for (int m = 0; m < kMutationsPerFile; ++m, ++inputs) {
      Bytes bytes = original;
      for (unsigned n = 1 + random() % 4; n > 0; --n) Mutate(bytes, random);
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
  }
  std::printf("%d inputs\n", inputs + argc - 1);
  return argc > 1 ? 0 : 1;
}
