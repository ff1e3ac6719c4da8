// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/markup.hpp"

#include <utility>

namespace sim::report {
namespace {

class StringWriter final : public pugi::xml_writer {
 public:
  void write(const void* data, size_t size) override {
    text_.append(static_cast<const char*>(data), size);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string markup_safe(const std::string& text) {
  std::string safe = text;
  for (char& c : safe) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n' && c != '\t' && c != '\r') c = '?';
  }
  return safe;
}

pugi::xml_node add_element(pugi::xml_node parent, const char* name, const char* classes) {
  pugi::xml_node node = parent.append_child(name);
  if (*classes != '\0') node.append_attribute("class").set_value(classes);
  return node;
}

void add_text(pugi::xml_node parent, const std::string& text) {
  parent.append_child(pugi::node_pcdata).set_value(markup_safe(text).c_str());
}

pugi::xml_node add_element(pugi::xml_node parent, const char* name, const char* classes,
                           const std::string& text) {
  pugi::xml_node node = add_element(parent, name, classes);
  add_text(node, text);
  return node;
}

void set_attribute(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(markup_safe(value).c_str());
}

void set_attribute(pugi::xml_node node, const char* name, size_t value) {
  set_attribute(node, name, std::to_string(value));
}

std::string xml_text(const pugi::xml_document& document) {
  StringWriter writer;
  document.save(writer, "  ");
  return writer.take();
}

std::string html_text(const pugi::xml_document& document) {
  constexpr unsigned form =
      pugi::format_raw | pugi::format_no_declaration | pugi::format_no_empty_element_tags;
  StringWriter writer;
  document.save(writer, "", form, pugi::encoding_utf8);
  return writer.take();
}

}  // namespace sim::report
