// SPDX-License-Identifier: BSD-3-Clause
// The parts of the HTML report that have a file of their own.
#pragma once

#include <map>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "sim/report/html.hpp"
#include "sim/report/timeline.hpp"
#include "sim/trace/event.hpp"

namespace sim::report {

/// The cases that failed, an article each, below `parent`.
void add_failures(pugi::xml_node parent, const HtmlReport& report);

/// Cases and requirements for the script: JSON that can stand in a script element.
std::string html_data(const HtmlReport& report);

/// The timeline as an SVG below `parent`, steps named at the calls (by seq) that begin them. Of a
/// long one, the rows up to a little behind the first remark, as many as can be read.
void add_diagram(pugi::xml_node parent, const Timeline& timeline,
                 const std::map<uint64_t, std::string>& steps);

/// TX and RX of the events, as hex dumps with their fields: the last ones before `end`, a counter
/// of events.
void add_dumps(pugi::xml_node parent, const std::vector<trace::Event>& events, uint64_t end,
               const VmNames& names);

/// Who makes a call: "vm1.0", "mediator".
std::string caller_name(const trace::Event& event, const VmNames& names);

}  // namespace sim::report
