// SPDX-License-Identifier: BSD-3-Clause
// XML and HTML as a tree: text and attributes are escaped where they are written out, so no text of
// a user can become markup. Used by the JUnit and the HTML report.
#pragma once

#include <cstddef>
#include <pugixml.hpp>
#include <string>

namespace sim::report {

/// XML 1.0 and HTML have no control characters but tab and the line ends: others as '?'.
std::string markup_safe(const std::string& text);

/// A new last child. `classes` may be empty.
pugi::xml_node add_element(pugi::xml_node parent, const char* name, const char* classes = "");
void add_text(pugi::xml_node parent, const std::string& text);
/// An element that holds a text.
pugi::xml_node add_element(pugi::xml_node parent, const char* name, const char* classes,
                           const std::string& text);
void set_attribute(pugi::xml_node node, const char* name, const std::string& value);
void set_attribute(pugi::xml_node node, const char* name, size_t value);

std::string xml_text(const pugi::xml_document& document);
/// As HTML5 reads it: no blank is added, no element closed in its own tag.
std::string html_text(const pugi::xml_document& document);

}  // namespace sim::report
