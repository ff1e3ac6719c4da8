// SPDX-License-Identifier: BSD-3-Clause
// What is judged member by member is judged as the whole would be: every scenario of the
// repository, and each with one mistake.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sim/scenario/schema.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

std::vector<json> all_documents() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SOURCE_DIR "/scenarios")) {
    const bool schema = entry.path().parent_path().filename() == "schema";
    if (entry.path().extension() == ".json" && !schema) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<json> documents;
  for (const auto& file : files) {
    std::ifstream stream(file);
    documents.push_back(json::parse(stream, nullptr, true, true));
  }
  return documents;
}

/// The places of all values below.
void places_in(const json& value, const json::json_pointer& here,
               std::vector<json::json_pointer>& places) {
  if (!value.is_structured()) return;
  for (const auto& [key, child] : value.items()) {
    const auto place = value.is_array() ? here / std::stoul(key) : here / key;
    places.push_back(place);
    places_in(child, place, places);
  }
}

/// One mistake, or what may be one, at a place.
json with_mistake(json document, const json::json_pointer& place, size_t kind) {
  static const std::vector<json> values = {
      json(), -1, 1.5, "no such word", true, json(json::value_t::array), json::object(), 0};
  json& parent = document[place.parent_pointer()];
  if (kind == values.size()) {
    if (parent.is_object())
      parent.erase(place.back());
    else
      parent.erase(std::stoul(place.back()));
  } else if (kind == values.size() + 1) {
    if (document[place].is_object())
      document[place]["no_such_key"] = 1;
    else
      parent = json::array({parent, parent});
  } else {
    document[place] = values[kind];
  }
  return document;
}
constexpr size_t kinds = 10;

struct Judges {
  SchemaChecker quick{true};
  SchemaChecker whole{false};
  size_t refused = 0;
  size_t accepted = 0;

  void judge(const json& document) {
    agree(quick.check_scenario(document), whole.check_scenario(document), document);
    if (!document.is_object() || !document.contains("steps")) return;
    if (!document["steps"].is_array()) return;
    for (const json& step : document["steps"]) {
      agree(quick.check_step(step), whole.check_step(step), step);
    }
  }
  void agree(const std::optional<Complaint>& one, const std::optional<Complaint>& other,
             const json& what) {
    ++(other ? refused : accepted);
    ASSERT_EQ(one.has_value(), other.has_value()) << what.dump(2);
    if (one) {
      ASSERT_EQ(one->pointer + one->reason, other->pointer + other->reason);
    }
  }
};

TEST(SchemaMembers, AreJudgedAsTheWholeIs) {
  Judges judges;
  constexpr size_t stride = 2003;
  size_t number = 0;
  for (const json& document : all_documents()) {
    std::vector<json::json_pointer> places;
    places_in(document, json::json_pointer(), places);
    for (size_t i = 0; i < places.size() * kinds; ++i) {
      if (number++ % stride != 0) continue;
      judges.judge(with_mistake(document, places[i / kinds], i % kinds));
    }
  }
  EXPECT_GT(judges.refused, 60U);
  EXPECT_GT(judges.accepted, 60U);
}

}  // namespace
}  // namespace sim::scenario
