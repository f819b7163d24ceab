// YAML → TreeBuilder. The only file that knows yaml-cpp; its exceptions end here.
#include <algorithm>
#include <exception>
#include <istream>
#include <streambuf>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/document/tree_builder.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace sluice::policy {
namespace {

// Reads a text in place.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* start = const_cast<char*>(text.data());  // a get area is never written
    setg(start, start, start + text.size());
  }
};

struct Stopped : std::exception {};  // the builder has said why

Spot ToSpot(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<uint32_t>(mark.line) + 1, static_cast<uint32_t>(mark.column) + 1};
}

class Handler : public YAML::EventHandler {
 public:
  explicit Handler(TreeBuilder* builder) : builder_(builder) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      Require(builder_->Fail(ToSpot(mark), "second_document", "a second YAML document begins here",
                             "put everything into one document"));
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Require(builder_->Scalar(ToSpot(mark), "", TreeBuilder::Style::kPlain, anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Require(builder_->Alias(ToSpot(mark), anchor));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // yaml-cpp tags a plain scalar "?" and a quoted one "!".
    if (tag != "?" && tag != "!") RequireTag(mark, tag, "tag:yaml.org,2002:str");
    auto style = tag == "?" ? TreeBuilder::Style::kPlain : TreeBuilder::Style::kQuoted;
    Require(builder_->Scalar(ToSpot(mark), value, style, anchor));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (tag != "?" && tag != "!") RequireTag(mark, tag, "tag:yaml.org,2002:seq");
    Require(builder_->StartList(ToSpot(mark), anchor));
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (tag != "?" && tag != "!") RequireTag(mark, tag, "tag:yaml.org,2002:map");
    Require(builder_->StartMap(ToSpot(mark), anchor));
  }
  void OnSequenceEnd() override { Require(builder_->End()); }
  void OnMapEnd() override { Require(builder_->End()); }

 private:
  static void Require(bool going_on) {
    if (!going_on) throw Stopped();
  }
  void RequireTag(const YAML::Mark& mark, const std::string& tag, std::string_view wanted) {
    if (tag == wanted) return;
    Require(builder_->Fail(ToSpot(mark), "yaml_tag",
                           absl::StrCat("the YAML tag `", tag.substr(0, 64), "` is not supported"), "remove it"));
  }

  TreeBuilder* builder_;
  int documents_ = 0;
};

std::string_view LineOf(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

// The parser's own messages quote nothing of the text.
bool FailAt(std::string_view text, const YAML::Exception& error, TreeBuilder* builder) {
  bool variable = absl::StrContains(LineOf(text, error.mark.line), "${{");
  return builder->Fail(ToSpot(error.mark), "yaml_syntax", absl::StrCat("malformed YAML: ", error.msg.substr(0, 120)),
                       variable ? "write a variable in single quotes: '${{ env \"DECK_NAME\" }}'" : "");
}

}  // namespace

bool ReadYaml(std::string_view text, TreeBuilder* builder) {
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    Handler handler(builder);
    while (parser.HandleNextDocument(handler)) {
    }
    return true;
  } catch (const Stopped&) {
    return false;
  } catch (const YAML::Exception& error) {
    return FailAt(text, error, builder);
  }
}

}  // namespace sluice::policy
