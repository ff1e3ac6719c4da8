// SPDX-License-Identifier: BSD-3-Clause
// What the tools of tests/mutants tell is counted by part, or refused with place and reason.
#include "sim/cli/mutants_file.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "sim/engine/input_error.hpp"
#include "tests/unit/temp_folder.hpp"

namespace sim::cli {
namespace {

class MutantsFile : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string file = test::temp_folder().file(name);
    std::FILE* const out = std::fopen(file.c_str(), "w");
    EXPECT_NE(out, nullptr);
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), out), text.size());
    EXPECT_EQ(std::fclose(out), 0);
    return file;
  }
  /// What is said of a file of this text, behind its name.
  std::string complaint(const std::string& text) {
    const std::string file = write("bad.json", text);
    try {
      (void)read_mutants({file});
    } catch (const InputError& error) {
      const std::string what = error.what();
      EXPECT_TRUE(what.starts_with(file)) << what;
      return what.substr(file.size());
    }
    return "nothing";
  }
};

const std::string some = R"({"title": "generic", "below": "src/", "mutants": [
  {"id": "a:1:drop", "file": "core/a.hpp", "line": 1, "operator": "drop", "code": "x", "result": "killed"},
  {"id": "a:1:drop", "file": "core/a.hpp", "line": 1, "operator": "drop", "code": "y", "result": "survived", "reason": "no"},
  {"id": "b:7:next", "file": "handlers/b.hpp", "line": 7, "operator": "next", "code": "z", "result": "unreached"}]})";
const std::string others = R"({"title": "bugs", "mutants": [
  {"id": "p", "file": "a.cpp", "line": 3, "operator": "forgets", "result": "broken"},
  {"id": "q", "file": "a.cpp", "line": 4, "operator": "repeats", "result": "killed"}]})";

TEST_F(MutantsFile, AreCountedByPartAndWhatIsUnexplainedComesFirst) {
  const auto mutants = read_mutants({write("some.json", some), write("others.json", others)});
  std::vector<std::string> parts;
  std::vector<std::vector<size_t>> counts;
  for (const auto& part : mutants.parts) {
    parts.push_back(part.name);
    counts.push_back({part.killed, part.explained, part.unexplained});
  }
  EXPECT_EQ(parts,
            (std::vector<std::string>{"generic: src/core", "generic: src/handlers", "bugs: "}));
  EXPECT_EQ(counts, (std::vector<std::vector<size_t>>{{1, 1, 0}, {0, 0, 1}, {1, 0, 1}}));
  ASSERT_EQ(mutants.survivors.size(), 3U);
  const report::Survivor& first = mutants.survivors.at(0);
  EXPECT_EQ(first.place, "src/handlers/b.hpp:7");
  EXPECT_EQ(first.part, 1U);
  EXPECT_EQ(first.change, "next");
  EXPECT_EQ(first.code, "z");
  EXPECT_EQ(first.result, "unreached");
  EXPECT_EQ(first.reason, "");
  EXPECT_EQ(mutants.survivors.at(1).place, "a.cpp:3");
  EXPECT_EQ(mutants.survivors.at(1).code, "");
  EXPECT_EQ(mutants.survivors.at(2).reason, "no");
}

TEST_F(MutantsFile, AreRefusedWithPlaceAndReason) {
  const auto one = [](const char* members) {
    return std::string(R"({"title": "t", "mutants": [{)") + members + "}]}";
  };
  EXPECT_TRUE(complaint("").starts_with(":1:1: syntax error")) << complaint("");
  EXPECT_TRUE(complaint("{\n \"title\": 1e999}").starts_with(": number overflow"))
      << complaint("{\n \"title\": 1e999}");
  EXPECT_EQ(complaint("[]"), ": key 'title' is missing");
  EXPECT_EQ(complaint("{\"title\": 3}"), ":/title: is no text");
  EXPECT_EQ(complaint("{\"title\": \"t\"}"),
            ":/mutants: is no list: not what a tool of tests/mutants writes");
  EXPECT_EQ(complaint(R"({"title": "t", "mutants": [7]})"), ":/mutants/0: key 'id' is missing");
  EXPECT_EQ(complaint(one(R"("id": "i")")), ":/mutants/0: key 'file' is missing");
  EXPECT_EQ(complaint(one(R"("id": "i", "file": "f", "result": "alive")")),
            ":/mutants/0/result: 'alive' is not one of killed, survived, unreached, broken");
  EXPECT_EQ(complaint(one(R"("id": "i", "file": "f", "result": "survived", "operator": "o")")),
            ":/mutants/0/line: is no number of a line");
  EXPECT_EQ(complaint(one(R"("id": "i", "file": "f", "result": "survived", "line": 1)")),
            ":/mutants/0: key 'operator' is missing");
  EXPECT_EQ(complaint(one(R"("id": "i", "file": "f", "result": "killed"}, {"id": "i", )"
                          R"("file": "f", "result": "killed")")),
            ":/mutants/1/id: 'i' stood there before");
}

TEST_F(MutantsFile, TwiceTheSameFileIsRefusedAndOneThatIsNotThere) {
  const std::string file = write("some.json", some);
  EXPECT_THROW((void)read_mutants({file, file}), InputError);
  EXPECT_THROW((void)read_mutants({file + ".none"}), InputError);
}

}  // namespace
}  // namespace sim::cli
