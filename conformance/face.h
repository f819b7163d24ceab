// What a face of the library must offer to take part: the C++ API and the C ABI each implement it in their test.
#ifndef SLUICE_CONFORMANCE_FACE_H_
#define SLUICE_CONFORMANCE_FACE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/request.h"
#include "conformance/cases.h"
#include "policy/json/request_json.h"

namespace sluice::conformance {

inline constexpr char kPolicyName[] = "policy.yaml";  // what diagnostics call the policy

class Face {
 public:
  struct Job {
    uint64_t id = 0;
    std::string url;
  };
  struct Begun {
    bool waits = false;
    int64_t timeout_ms = 0;  // of the wait
  };

  virtual ~Face() = default;

  // Compiles, and publishes what has no error.
  virtual std::vector<Problem> Load(const Case& test, const std::string& policy) = 0;

  virtual std::optional<Job> NextJob(Now now) = 0;
  virtual void JobDone(uint64_t id, const Answer& answer, Now now) = 0;

  // Each request is a transaction of its own that lives as long as the face: what it holds in flight stays held until
  // its outcome is reported. The views of `request` live as long.
  virtual Begun Begin(const Request& request, Now now, bool can_wait) = 0;
  virtual Begun Resume(Now now) = 0;

  // The decision about the last request as a line of JSON, with trace; with `outcome` also the diagnosis.
  virtual std::string Decision(const Outcome* outcome, Now now) = 0;
};

}  // namespace sluice::conformance

#endif  // SLUICE_CONFORMANCE_FACE_H_
