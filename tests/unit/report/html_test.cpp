// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/report/buffer_fields.hpp"
#include "sim/report/html_parts.hpp"
#include "sim/report/markup.hpp"

namespace sim::report {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string hostile = "</script><script>alert('x')</script> & \"q\"\x01";

Outcome outcome_of(const std::string& name, Result result) {
  Outcome outcome;
  outcome.name = name;
  outcome.chapter = name.substr(0, name.find('/'));
  outcome.file = name + ".json";
  outcome.result = result;
  outcome.covers = {"ID-001"};
  return outcome;
}

HtmlReport hostile_report() {
  HtmlReport report;
  Outcome failed = outcome_of("m/" + hostile, Result::failed);
  failed.text = failed.repro = failed.file = hostile;
  failed.problems = {{hostile, hostile + " a", hostile + " b", hostile, hostile, 3}};
  failed.notes = {hostile};
  failed.consoles = {{hostile, hostile}};
  report.outcomes = {failed, outcome_of("m/good", Result::passed)};
  report.requirements = {{"ID-001", "ID", hostile, hostile, "", {{"a_test", hostile}}}};
  return report;
}

TEST(Html, no_text_becomes_markup) {
  const std::string page = html_page(hostile_report());
  EXPECT_THAT(page, Not(HasSubstr("alert('x')</script> &")));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;script&gt;alert('x')&lt;/script&gt; &amp;"));
  EXPECT_EQ(html_data(hostile_report()).find('<'), std::string::npos);
}

TEST(Html, its_data_are_json_that_names_each_text_once) {
  const auto data = nlohmann::json::parse(html_data(hostile_report()));
  ASSERT_EQ(data.at("cases").size(), 2U);
  EXPECT_EQ(data.at("cases").at(0).at(0), "m/" + hostile);
  EXPECT_EQ(data.at("cases").at(0).at(1), 1);
  EXPECT_EQ(data.at("cases").at(1).at(6), nlohmann::json::array({0}));
  EXPECT_EQ(data.at("rows").at(0).at(0), "ID-001");
  EXPECT_EQ(data.at("rows").at(0).at(5), nlohmann::json::array({{"a_test", hostile}}));
}

TEST(Html, a_row_that_the_matrix_does_not_have_is_shown_all_the_same) {
  HtmlReport report;
  report.outcomes = {outcome_of("m/good", Result::passed)};
  const auto data = nlohmann::json::parse(html_data(report));
  EXPECT_EQ(data.at("rows").at(0).at(0), "ID-001");
}

TEST(Html, mutants_are_there_if_any_were_judged) {
  HtmlReport report;
  EXPECT_THAT(html_page(report), Not(HasSubstr(R"(<section id="mutants">)")));
  EXPECT_FALSE(nlohmann::json::parse(html_data(report)).contains("mutants"));
  report.mutants = {{{"core", 7, 1, 2}}, {{0, "core/a.hpp:3", "negate", hostile, "survived", ""}}};
  EXPECT_THAT(html_page(report), HasSubstr(R"(<section id="mutants">)"));
  EXPECT_THAT(html_page(report), HasSubstr(R"(href="#mutants")"));
  EXPECT_EQ(html_data(report).find('<'), std::string::npos);
  const auto data = nlohmann::json::parse(html_data(report)).at("mutants");
  EXPECT_EQ(data.at("parts"), nlohmann::json::parse(R"([["core", 7, 1, 2]])"));
  EXPECT_EQ(data.at("survivors").at(0).at(1), "core/a.hpp:3");
  EXPECT_EQ(data.at("survivors").at(0).at(3), hostile);
}

TEST(Html, counts_stand_in_the_summary) {
  HtmlReport report;
  report.outcomes = {outcome_of("m/a", Result::passed), outcome_of("m/b", Result::passed),
                     outcome_of("n/c", Result::skipped)};
  const std::string page = html_page(report);
  EXPECT_THAT(page, HasSubstr(R"(<strong id="count-passed">2</strong>)"));
  EXPECT_THAT(page, HasSubstr(R"(<strong id="count-failed">0</strong>)"));
  EXPECT_THAT(page, HasSubstr(R"(<strong id="count-skipped">1</strong>)"));
  EXPECT_THAT(page, HasSubstr("3 cases, none failed"));
  EXPECT_THAT(html_page({}), HasSubstr("0 cases"));
}

TEST(Html, expected_and_actual_differ_by_whole_words) {
  HtmlReport report;
  Outcome failed = outcome_of("m/a", Result::failed);
  failed.problems = {{"/steps/0", "w2 0x12 there", "w2 0x13 there", "", "t", 0},
                     {"/steps/1", "same", "same more", "", "t", 0}};
  report.outcomes = {failed};
  const std::string page = html_page(report);
  EXPECT_THAT(page, HasSubstr("w2 <mark>0x12</mark> there"));
  EXPECT_THAT(page, HasSubstr("w2 <mark>0x13</mark> there"));
  EXPECT_THAT(page, HasSubstr("same<mark> more</mark>"));
  EXPECT_THAT(page, HasSubstr("How it came to that is not shown here"));
  report.evidence = {{"m/a", "<h4>evidence &amp; more</h4><pre>  two  blanks\n</pre>"}};
  EXPECT_THAT(html_page(report),
              HasSubstr("<h4>evidence &amp; more</h4><pre>  two  blanks\n</pre>"));
  EXPECT_THAT(html_page(report), Not(HasSubstr("is not shown here")));
}

TEST(Html, of_too_many_failures_the_first_are_shown) {
  HtmlReport report;
  for (int n = 0; n < 1000; ++n) {
    report.outcomes.push_back(outcome_of("m/" + std::to_string(n), Result::failed));
  }
  const std::string page = html_page(report);
  EXPECT_THAT(page, HasSubstr("800 more have failed"));
  EXPECT_THAT(page, HasSubstr(R"(data-name="m/199")"));
  EXPECT_THAT(page, Not(HasSubstr(R"(data-name="m/200")")));
}

Timeline small_timeline(size_t calls) {
  Timeline timeline;
  timeline.lanes = {"host", "vm1.0", "vm2.0", "mediator", "SPMC"};
  for (size_t n = 0; n < calls; ++n) {
    timeline.rows.push_back({Timeline::Kind::call, 2 * n + 1, 1, 3, 1, "FFA_ID_GET", {}});
    timeline.rows.push_back({Timeline::Kind::answer, 2 * n + 2, 3, 1, 1, "DENIED (a_rule)", {}});
  }
  timeline.rows.push_back({Timeline::Kind::turn, 0, 1, 1, 1, "vm1.0 stops", 7});
  timeline.rows.push_back({.text = "I7: <wrong>"});
  return timeline;
}

std::string drawn(const Timeline& timeline) {
  pugi::xml_document document;
  add_diagram(document, timeline, {{1, "/steps/0 id_get"}});
  return html_text(document);
}

TEST(Diagram, shows_calls_errors_turns_and_remarks) {
  const std::string svg = drawn(small_timeline(1));
  EXPECT_THAT(svg, HasSubstr(">FFA_ID_GET</text>"));
  EXPECT_THAT(svg, HasSubstr(R"(class="label bad")"));
  EXPECT_THAT(svg, HasSubstr(">choice 7: vm1.0 stops</text>"));
  EXPECT_THAT(svg, HasSubstr("I7: &lt;wrong&gt;"));
  EXPECT_THAT(svg, HasSubstr(">/steps/0 id_get</text>"));
  EXPECT_THAT(svg, HasSubstr(">vm1.0</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">vm2.0</text>"))) << "nothing happens there";
}

TEST(Diagram, of_a_long_run_the_rows_before_the_remark_are_shown) {
  const std::string svg = drawn(small_timeline(500));
  EXPECT_THAT(svg, HasSubstr("882 rows before and 0 behind are left out"));
  EXPECT_THAT(svg, HasSubstr("I7: "));
  EXPECT_THAT(drawn({}), testing::IsEmpty());
}

trace::Event share(std::vector<uint8_t> tx) {
  trace::Event event;
  event.in.x[0] = 0x84000073;
  event.tx = std::move(tx);
  return event;
}

std::string value_of(const std::vector<BufferField>& fields, const std::string& name) {
  for (const BufferField& field : fields) {
    if (field.name == name) return field.value + (field.wrong ? " wrong" : "");
  }
  return "none";
}

/// A 1.1 descriptor: sender 0x2103, one access of 32 bytes at 48, composite at 80 with one range.
std::vector<uint8_t> descriptor() {
  std::vector<uint8_t> bytes(112, 0);
  bytes[0] = 0x03, bytes[1] = 0x21, bytes[2] = 0x2f, bytes[4] = 8;
  bytes[24] = 32, bytes[28] = 1, bytes[32] = 48;
  bytes[48] = 0x01, bytes[49] = 0x8a, bytes[50] = 2, bytes[52] = 80;
  bytes[80] = 5, bytes[84] = 1;
  bytes[97] = 0x10, bytes[104] = 5;
  return bytes;
}

TEST(BufferFields, of_a_descriptor_have_place_and_meaning) {
  const auto fields = tx_fields(share(descriptor()), ffa::v1_1);
  EXPECT_EQ(value_of(fields, "sender"), "0x2103");
  EXPECT_EQ(value_of(fields, "attributes"), "0x2f, normal write-back, inner shareable");
  EXPECT_EQ(value_of(fields, "flags"), "0x8, share");
  EXPECT_EQ(value_of(fields, "access 0: receiver"), "0x8a01");
  EXPECT_EQ(value_of(fields, "access 0: permissions"), "0x2, read-write");
  EXPECT_EQ(value_of(fields, "composite: total pages"), "5");
  EXPECT_EQ(value_of(fields, "range 0: address"), "0x1000");
  EXPECT_EQ(value_of(fields, "range 0: pages"), "5");
  size_t at = 0;
  for (const BufferField& field : fields) {
    EXPECT_EQ(field.offset, at) << field.name << ": every byte has its field";
    at = field.offset + field.size;
  }
  EXPECT_EQ(at, 112U);
}

TEST(BufferFields, what_is_wrong_is_marked_and_nothing_is_read_beyond_the_end) {
  auto bytes = descriptor();
  bytes[40] = 1;
  bytes[28] = 0xff, bytes[29] = 0xff;
  bytes[52] = 0xf0;
  const auto fields = tx_fields(share(bytes), ffa::v1_1);
  EXPECT_EQ(value_of(fields, "reserved"), "not zero wrong");
  EXPECT_EQ(value_of(fields, "access 0: composite at"), "240 wrong");
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto cut = descriptor();
    cut.resize(size);
    for (const ffa::Version version : {ffa::v1_0, ffa::v1_1}) {
      for (const BufferField& field : tx_fields(share(cut), version)) {
        EXPECT_LE(field.offset + field.size, size);
      }
    }
  }
}

TEST(BufferFields, a_list_of_partitions_is_as_wide_as_the_answer_says) {
  trace::Event event;
  event.in.x[0] = 0x84000068;
  event.out.x[0] = 0x84000061;
  event.out.x[2] = 2;
  event.out.x[3] = 24;
  event.rx.assign(48, 0);
  event.rx[24] = 2, event.rx[25] = 0x80;
  EXPECT_EQ(value_of(rx_fields(event, ffa::v1_2), "partition 1: id"), "0x8002");
  EXPECT_EQ(value_of(rx_fields(event, ffa::v1_0), "partition 1: id"), "0x0");
}

TEST(Dumps, show_bytes_beside_their_fields) {
  trace::Event event = share(descriptor());
  event.seq = 3;
  event.vm = 1;
  pugi::xml_document document;
  add_dumps(document, {event}, 4, {{1, "guest"}});
  const std::string html = html_text(document);
  EXPECT_THAT(html, HasSubstr("TX of FFA_MEM_SHARE by guest.0, call 3, 112 bytes"));
  EXPECT_THAT(html, HasSubstr(R"(<span class="odd" data-f="1">03 21</span>)"));
  EXPECT_THAT(html, HasSubstr("read-write"));
  pugi::xml_document none;
  add_dumps(none, {event}, 3, {});
  EXPECT_THAT(html_text(none), testing::IsEmpty());
}

}  // namespace
}  // namespace sim::report
