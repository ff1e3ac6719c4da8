// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/optee_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/optee_message.hpp"

namespace sim::scenario {
namespace {

constexpr uint64_t no_memory = ~uint64_t{0};

}  // namespace

void OpteeImage::put(const FieldPlace& place, const guest::Operand& value, const Node& node) {
  if (place.offset + place.width > bytes.size()) node.fail("past the end of the structure");
  std::erase_if(patches, [&](const Patch& old) {
    return old.place.offset == place.offset && old.place.width == place.width;
  });
  for (const Patch& old : patches) {
    const bool apart = old.place.offset + old.place.width <= place.offset ||
                       place.offset + place.width <= old.place.offset;
    if (!apart) node.fail("a saved value stands there, which can only be replaced as a whole");
  }
  if (!is_constant(value)) {
    patches.push_back({place, value});
  } else if (place.width < 8 && value.constant >> (8 * place.width) != 0) {
    node.fail(fmt::format("{:#x} does not fit {} bytes", value.constant, place.width));
  } else {
    sim::scenario::put(bytes, place.offset, place.width, value.constant);
  }
}

bool OpteeImage::touches(uint64_t from, uint64_t to) const {
  const auto begin = bytes.begin() + static_cast<ptrdiff_t>(from);
  return std::any_of(begin, bytes.begin() + static_cast<ptrdiff_t>(to),
                     [](uint8_t byte) { return byte != 0; }) ||
         std::any_of(patches.begin(), patches.end(), [&](const Patch& patch) {
           return patch.place.offset >= from && patch.place.offset < to;
         });
}

void OpteeImage::drop_front(uint64_t length) {
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length));
  for (Patch& patch : patches) patch.place.offset -= length;
}

void OpteeImage::write(ProgramBuilder& program, uint64_t ipa) const {
  program.write(ipa, bytes);
  for (const Patch& patch : patches) {
    program.write_operand(ipa + patch.place.offset, patch.place.width, patch.value);
  }
}

OpteeBuilder::OpteeBuilder(const ValueContext& values, const Node& node, uint32_t params)
    : values_(values), node_(node), params_(params) {
  image_.bytes.resize(optee_message_bytes(params));
}

void OpteeBuilder::set(const std::string& path, const guest::Operand& value) {
  image_.put(*find_optee_field(path, params_), value, node_);
}

void OpteeBuilder::param(uint32_t index, const Node& node) {
  const std::string at = fmt::format("params[{}].", index);
  const std::string type = node.text_or("type", "none");
  const auto known = optee_param_type(type);
  if (!known) node.fail_at("type", fmt::format("'{}' is no type of a parameter", type));
  const bool memory = type.starts_with("memory");
  const bool read_by_service = type == "value_in" || type == "value_inout" || type == "none";
  set(at + "attr", *known);
  for (const char* const word : {"a", "b", "c"}) {
    if (!memory) set(at + word, read_by_service ? 0 : optee_poison);
  }
  if (memory) set(at + "global_id", no_memory);
  for (const auto& [key, value] : node.members()) field_of_param(at, key, value, memory);
}

void OpteeBuilder::edits(const Node& list) {
  for (const Node& edit : list.elements()) apply(edit);
}

void OpteeBuilder::field_of_param(const std::string& at, const std::string& key, const Node& value,
                                  bool memory) {
  if (key == "type") return;
  const bool of_memory = key == "handle" || key == "offset" || key == "size" || key == "internal";
  const bool of_value = key == "a" || key == "b" || key == "c";
  if ((of_memory && !memory) || (of_value && memory)) {
    value.fail(memory ? "goes with a value" : "goes with shared memory");
  }
  if (key == "offset") return set_offset(at, value);
  const std::string field = key == "handle"     ? "global_id"
                            : key == "internal" ? "internal_offs"
                                                : key;
  const auto place = find_optee_field(at + field, params_);
  if (!place) value.fail(fmt::format("'{}' is nothing that a parameter has", key));
  image_.put(*place, operand_of(value, values_), value);
}

/// The offset stands in two fields.
void OpteeBuilder::set_offset(const std::string& at, const Node& offset) {
  const uint64_t value = constant_of(offset, values_, 0xffff'ffff'ffff);
  set(at + "offs_low", value & 0xffffffff);
  set(at + "offs_high", value >> 32);
}

void OpteeBuilder::apply(const Node& edit) {
  if (edit.has("field") == edit.has("offset")) edit.fail("either field or offset is needed");
  if (edit.has("bytes") == edit.has("value")) edit.fail("either bytes or value is needed");
  FieldPlace place;
  if (const auto field = edit.find("field")) {
    const auto found = find_optee_field(field->text(), params_);
    if (!found) field->fail(fmt::format("no field '{}' in this structure", field->text()));
    place = *found;
  } else {
    place.offset = constant_of(edit.at("offset"), values_, image_.bytes.size());
    place.width = static_cast<uint32_t>(edit.number_or("width", 4, 8));
  }
  if (const auto value = edit.find("value")) {
    image_.put(place, operand_of(*value, values_), edit);
    return;
  }
  const auto bytes = edit.at("bytes").bytes();
  for (size_t n = 0; n < bytes.size(); ++n) {
    image_.put({place.offset + n, 1}, constant_operand(bytes[n]), edit);
  }
}

}  // namespace sim::scenario
