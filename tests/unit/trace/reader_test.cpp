// SPDX-License-Identifier: BSD-3-Clause
// Bad input gets `file:line: reason`, never a crash.
#include "sim/trace/reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/engine/input_error.hpp"
#include "tests/unit/trace/captures.hpp"

namespace {

using testing::HasSubstr;

const std::string regs_json = R"(["0x84000063","0x10001","0x0","0x0","0x0","0x0","0x0","0x0"])";

std::string record(int seq, int seq_ret) {
  return fmt::format(
      R"({{"seq":{},"side":"guest","vm":1,"vcpu":0,"pcpu":0,"in":{},"seq_ret":{},"out":{}}})", seq,
      regs_json, seq_ret, regs_json);
}

/// What reading this file says; empty if it is a trace.
std::string error_of_file(const std::string& contents) {
  const std::string file = test::write_file("bad.jsonl", contents);
  try {
    (void)sim::trace::read_trace(file);
  } catch (const sim::InputError& error) {
    const std::string text = error.what();
    const size_t at = text.find("bad.jsonl");
    EXPECT_NE(at, std::string::npos) << text;
    return text.substr(at);
  }
  return {};
}

/// What one record says in which `from` is replaced by `to`.
std::string error_of_record(const std::string& from, const std::string& to) {
  std::string line = record(1, 2);
  const size_t at = line.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  line.replace(at, from.size(), to);
  return error_of_file(line + "\n");
}

TEST(Reader, AGoodRecordHasNoError) { EXPECT_EQ(error_of_file(record(1, 2) + "\n"), ""); }

TEST(Reader, TheLastNewlineMayBeMissing) { EXPECT_EQ(error_of_file(record(1, 2)), ""); }

TEST(Reader, AnEmptyFileIsNoTrace) { EXPECT_EQ(error_of_file(""), "bad.jsonl:1: empty file"); }

TEST(Reader, BinaryIsNoTrace) {
  EXPECT_THAT(error_of_file(std::string("\x1f\x8b\x08\x00\x00", 5)), HasSubstr("not a text file"));
  EXPECT_THAT(error_of_file(std::string("\xff\xfe\xfd\n")), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_of_file(record(1, 2) + "\n" + std::string(1, '\0')),
              HasSubstr("bad.jsonl:2: not a text file"));
}

TEST(Reader, FilesThatCannotBeReadAreNamed) {
  try {
    sim::trace::Reader reader("/no/such/file.jsonl");
    FAIL();
  } catch (const sim::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/no/such/file.jsonl: cannot open"));
  }
  try {
    sim::trace::Reader reader(testing::TempDir());
    FAIL();
  } catch (const sim::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot read"));
  }
}

TEST(Reader, TruncatedAndMalformedJsonNameLineAndColumn) {
  const std::string good = record(1, 2);
  EXPECT_THAT(error_of_file(good.substr(0, 60)), HasSubstr("bad.jsonl:1: cut"));
  EXPECT_THAT(error_of_file(good + "\n{\"seq\":,}\n"),
              HasSubstr("bad.jsonl:2: not valid JSON at column 8"));
  EXPECT_THAT(error_of_file("[]\n"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error_of_file(good + "\n{\"seq\":1e999}\n"), HasSubstr("bad.jsonl:2: a number"));
  EXPECT_THAT(error_of_file("\n" + good), HasSubstr("bad.jsonl:1:"));
}

TEST(Reader, ATraceThatWasCutBetweenLinesIsFound) {
  // The call 1..6 contains two SPMC calls; their records are missing.
  EXPECT_THAT(error_of_file(record(1, 6) + "\n"), HasSubstr("bad.jsonl:1: cut"));
  EXPECT_THAT(error_of_file(record(1, 6) + "\n" + record(2, 3) + "\n"), HasSubstr("cut"));
  EXPECT_EQ(error_of_file(record(1, 6) + "\n" + record(2, 3) + "\n" + record(4, 5) + "\n"), "");
  // Head cut off: the counter need not begin at 1.
  EXPECT_EQ(error_of_file(record(101, 104) + "\n" + record(102, 103) + "\n"), "");
}

TEST(Reader, EachRequiredKeyIsMissed) {
  for (const char* key : {"seq", "side", "vm", "vcpu", "pcpu", "in", "seq_ret", "out"}) {
    const std::string quoted = fmt::format("\"{}\":", key);
    EXPECT_THAT(error_of_record(quoted, "\"stimulus\":\"s\",\"conduit\":"),
                HasSubstr(fmt::format("bad.jsonl:1: no \"{}\"", key)))
        << key;
  }
}

TEST(Reader, WrongTypesAndValuesAreNamed) {
  EXPECT_THAT(error_of_record("\"seq\":1", "\"seq\":\"1\""),
              HasSubstr("\"seq\": not a whole number"));
  EXPECT_THAT(error_of_record("\"seq\":1", "\"seq\":1.5"),
              HasSubstr("\"seq\": not a whole number"));
  EXPECT_THAT(error_of_record("\"seq\":1", "\"seq\":-1"), HasSubstr("\"seq\": -1 is out of range"));
  EXPECT_THAT(error_of_record("\"vm\":1", "\"vm\":65536"),
              HasSubstr("\"vm\": 65536 is out of range"));
  EXPECT_THAT(error_of_record("\"vm\":1", "\"vm\":18446744073709551616"), HasSubstr("\"vm\""));
  EXPECT_THAT(error_of_record("\"guest\"", "\"host\""), HasSubstr("\"side\": \"host\" is none of"));
  EXPECT_THAT(error_of_record("\"guest\"", "7"), HasSubstr("\"side\": not a string"));
  EXPECT_THAT(error_of_record(regs_json, "{}"), HasSubstr("\"in\": not an array"));
  EXPECT_THAT(error_of_record(regs_json, "[\"0x1\"]"),
              HasSubstr("\"in\": 1 registers, not 8 or 18"));
  EXPECT_THAT(error_of_record("\"0x10001\"", "65537"), HasSubstr("\"in\": not a string of hex"));
  EXPECT_THAT(error_of_record("\"0x10001\"", "\"10001\""), HasSubstr("is not a 0x number"));
  EXPECT_THAT(error_of_record("\"0x10001\"", "\"0x1000g\""), HasSubstr("is not a 0x number"));
  EXPECT_THAT(error_of_record("\"0x10001\"", "\"0x10000000000000000\""), HasSubstr("out of range"));
  EXPECT_EQ(error_of_record("\"0x10001\"", "\"0xffffffffffffffff\""), "");
  EXPECT_THAT(error_of_record("\"vm\":1", "\"vm\":1,\"bogus\":2"),
              HasSubstr("unknown key \"bogus\""));
  EXPECT_THAT(error_of_record("\"vm\":1", "\"vm\":1,\"conduit\":\"svc\""),
              HasSubstr("neither smc nor hvc"));
}

TEST(Reader, BytesAndTranslationsAreChecked) {
  const auto with = [](const std::string& field) {
    return error_of_record("\"seq_ret\"", field + ",\"seq_ret\"");
  };
  EXPECT_EQ(with(R"("tx":"00fF")"), "");
  EXPECT_THAT(with(R"("tx":"00f")"), HasSubstr("\"tx\": an odd number of hex digits"));
  EXPECT_THAT(with(R"("rx":"0x01")"), HasSubstr("\"rx\": not a hex digit at character 1"));
  EXPECT_THAT(with(R"("rx":[1])"), HasSubstr("\"rx\": not a string"));
  EXPECT_EQ(with(R"("p2m":[["0x1000","0x2000",3]])"), "");
  EXPECT_THAT(with(R"("p2m":[["0x1000","0x2000"]])"), HasSubstr("\"p2m\": a run is"));
  EXPECT_THAT(with(R"("p2m":[["0x1000","0x2000",0]])"), HasSubstr("\"p2m\": 0 pages"));
  EXPECT_THAT(with(R"("p2m":[["0x1000","0xfffffffffffff000",1]])"), HasSubstr("out of range"));
  EXPECT_THAT(with(R"("p2m":{"a":1})"), HasSubstr("\"p2m\": not an array"));
}

TEST(Reader, TheCounterOnlyGrows) {
  const std::string two = record(3, 4) + "\n" + record(3, 5) + "\n";
  EXPECT_THAT(error_of_file(two), HasSubstr("bad.jsonl:2: \"seq\" 3 is not above 3"));
  EXPECT_THAT(error_of_file(record(3, 4) + "\n" + record(1, 2) + "\n"), HasSubstr("not above 3"));
  EXPECT_THAT(error_of_file(record(3, 3) + "\n"),
              HasSubstr("\"seq_ret\" 3 is not above \"seq\" 3"));
}

TEST(Reader, AHeaderOfAnotherFormatIsRefused) {
  EXPECT_THAT(error_of_file(R"({"format":2,"source":"x"})"
                            "\n"),
              HasSubstr("\"format\" 2 is not known"));
  EXPECT_THAT(error_of_file(R"({"format":1})"
                            "\n"),
              HasSubstr("no \"source\""));
  EXPECT_EQ(error_of_file(R"({"format":1,"source":"x"})"
                          "\n"),
            "");
}

TEST(Reader, AHeaderInTheMiddleIsNoRecord) {
  EXPECT_THAT(error_of_file(record(1, 2) + "\n" + R"({"format":1,"source":"x"})" + "\n"),
              HasSubstr("bad.jsonl:2: no \"side\""));
}

TEST(Reader, ALineWithoutEndIsRefusedBeforeItFillsTheMemory) {
  EXPECT_THAT(error_of_file(std::string((size_t{16} << 20) + 1, ' ')),
              HasSubstr("a line longer than"));
}

}  // namespace
