// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/html.hpp"

#include <fmt/format.h>

#include "sim/report/html_files.hpp"
#include "sim/report/html_parts.hpp"
#include "sim/report/markup.hpp"
#include "sim/report/text.hpp"

namespace sim::report {
namespace {

struct Count {
  const char* name;
  size_t number;
};

std::vector<Count> counts_of(const Summary& summary) {
  return {{"passed", summary.passed},
          {"failed", summary.failed},
          {"skipped", summary.skipped},
          {"lacking", summary.lacking}};
}

void add_tiles(pugi::xml_node parent, const Summary& summary) {
  pugi::xml_node tiles = add_element(parent, "div", "tiles");
  for (const auto& [name, number] : counts_of(summary)) {
    pugi::xml_node tile = add_element(tiles, "div", "tile");
    if (number != 0) tile.attribute("class").set_value((std::string("tile ") + name).c_str());
    pugi::xml_node value = add_element(tile, "strong", "", fmt::format("{}", number));
    set_attribute(value, "id", std::string("count-") + name);
    add_element(tile, "span", "", name);
  }
  if (summary.schedules == 0) return;
  pugi::xml_node tile = add_element(tiles, "div", "tile");
  add_element(tile, "strong", "", fmt::format("{}", summary.schedules));
  add_element(tile, "span", "", fmt::format("schedules, {} cases exhausted", summary.exhausted));
}

/// A bar of the shares of all results.
void add_bar(pugi::xml_node parent, const Summary& summary) {
  pugi::xml_node bar = add_element(parent, "div", "bar");
  for (const auto& [name, number] : counts_of(summary)) {
    if (number == 0) continue;
    pugi::xml_node part = add_element(bar, "i", name);
    set_attribute(part, "style", fmt::format("flex-grow:{}", number));
  }
}

void add_folders(pugi::xml_node parent, const HtmlReport& report) {
  std::map<std::string, std::vector<Outcome>> folders;
  for (const Outcome& outcome : report.outcomes) {
    Outcome counted;  // all that a summary looks at
    counted.result = outcome.result;
    folders[outcome.chapter].push_back(std::move(counted));
  }
  pugi::xml_node table = add_element(parent, "table", "folders");
  pugi::xml_node head = add_element(add_element(table, "thead"), "tr");
  add_element(head, "th", "", "folder");
  add_element(head, "th", "number", "cases");
  for (const auto& [name, number] : counts_of({})) add_element(head, "th", "number", name);
  add_element(head, "th", "");
  pugi::xml_node body = add_element(table, "tbody");
  for (const auto& [folder, outcomes] : folders) {
    const Summary summary = summarise(outcomes, 0);
    pugi::xml_node row = add_element(body, "tr");
    pugi::xml_node link = add_element(add_element(row, "td"), "a", "folder", folder);
    set_attribute(link, "href", std::string("#cases"));
    set_attribute(link, "data-folder", folder);
    add_element(row, "td", "number", std::to_string(outcomes.size()));
    for (const auto& [name, number] : counts_of(summary)) {
      const std::string classes = number == 0 ? "number zero" : std::string("number ") + name;
      add_element(row, "td", classes.c_str(), std::to_string(number));
    }
    add_bar(add_element(row, "td", "share"), summary);
  }
}

std::string body_of(const HtmlReport& report) {
  pugi::xml_document document;
  const Summary summary = summarise(report.outcomes, 0);
  pugi::xml_node header = add_element(document, "header");
  add_element(header, "h1", "",
              summary.failed == 0
                  ? fmt::format("{} cases, none failed", report.outcomes.size())
                  : fmt::format("{} of {} cases failed", summary.failed, report.outcomes.size()));
  add_element(header, "p", "by", "ffa-sim " + report.version);
  pugi::xml_node nav = add_element(header, "nav");
  for (const auto& [id, name] : {std::pair{"summary", "Summary"}, std::pair{"failures", "Failures"},
                                 std::pair{"coverage", "Requirements"},
                                 std::pair{"mutants", "Mutants"}, std::pair{"cases", "Cases"}}) {
    if (!report.mutants && id == std::string_view("mutants")) continue;
    set_attribute(add_element(nav, "a", "", name), "href", std::string("#") + id);
  }
  pugi::xml_node main = add_element(document, "main");
  const auto section = [&](const char* id, const char* title) {
    pugi::xml_node node = add_element(main, "section");
    set_attribute(node, "id", std::string(id));
    add_element(node, "h2", "", title);
    return node;
  };
  pugi::xml_node first = section("summary", "Summary");
  add_tiles(first, summary);
  add_folders(first, report);
  add_failures(section("failures", "Failures"), report);
  // The rest is the script's: of thousands of cases it shows what is asked for.
  const auto table = [&](const char* id, const char* title) {
    add_element(section(id, title), "noscript", "", "This table needs JavaScript.");
  };
  table("coverage", "Requirements");
  if (report.mutants) table("mutants", "Mutants");
  table("cases", "Cases");
  return html_text(document);
}

}  // namespace

std::string html_page(const HtmlReport& report) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<title>ffa-sim</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n";
  page += report_style_text();
  page += "</style>\n</head>\n<body>\n";
  page += body_of(report);
  page += "\n<script type=\"application/json\" id=\"data\">\n";
  page += html_data(report);
  page += "\n</script>\n<script>\n";
  page += report_script_text();
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace sim::report
