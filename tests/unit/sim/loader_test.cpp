// SPDX-License-Identifier: BSD-3-Clause
// Mediators from shared libraries: what is taken, and what is refused and why.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "sim/engine/input_error.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/trace/event.hpp"
#include "tests/unit/temp_folder.hpp"
#include "worlds.hpp"

namespace sim::test {
namespace {

std::string plugin(const std::string& name) { return std::string{PLUGIN_DIR} + "/" + name + ".so"; }

std::string refusal(const std::string& file) {
  try {
    const auto factory = load_mediator(file);
    Choices choices{seeded_choices(1)};
    Simulation simulation{small_world(), *factory, choices};
    return "taken";
  } catch (const InputError& error) {
    const std::string text = error.what();
    return text.starts_with(file + ": ") ? text.substr(file.size() + 2) : text;
  }
}

TEST(Loader, RefusesWhatIsNoMediatorAndSaysWhy) {
  EXPECT_EQ(refusal("/nowhere/x.so"), "no such file");
  EXPECT_EQ(refusal(PLUGIN_DIR), "not a file");
  EXPECT_EQ(refusal(plugin("no_entry")), "does not export ffa_mediator_entry");
  EXPECT_EQ(refusal(plugin("silent_entry")), "does not speak version 7 of the plug-in ABI");
  EXPECT_EQ(refusal(plugin("other_version")), "speaks version 8 of the plug-in ABI, not 7");
  EXPECT_TRUE(
      refusal(plugin("small_table")).starts_with("its table of functions has 24 bytes, not "));
  EXPECT_EQ(refusal(plugin("hole")), "its table of functions has a hole");
  EXPECT_EQ(refusal(plugin("refuses")), "refuses: the mediator refuses its configuration");
}

TEST(Loader, RefusesAFileThatIsNoLibrary) {
  const std::string file = ::test::temp_folder().file("no-library.so");
  std::ofstream{file} << "this is text";
  EXPECT_TRUE(refusal(file).starts_with("can't be loaded: ")) << refusal(file);
  std::ofstream{file} << "";
  EXPECT_TRUE(refusal(file).starts_with("can't be loaded: "));
  std::remove(file.c_str());
}

TEST(Loader, AMediatorInPlainCWorks) {
  const auto factory = load_mediator(plugin("minimal"));
  Choices choices{seeded_choices(1)};
  Simulation simulation{small_world(), *factory, choices};
  EXPECT_EQ(simulation.mediator().name(), "minimal");
  EXPECT_EQ(simulation.boot(), 0);
  EXPECT_EQ(simulation.log().front(), "info: minimal mediator");
  EXPECT_EQ(simulation.create_vm(1), 0);
  ffa::Regs r = regs({0x84000063, 0x10001});
  simulation.guest_call(1, 0, FFA_SIM_SMC, r);
  EXPECT_EQ(r.x[0], 0x10002U);
  r = regs({0x84000069, 9});
  simulation.guest_call(1, 0, FFA_SIM_SMC, r);
  EXPECT_EQ(r, regs({0xffffffff, 9}));
  EXPECT_FALSE(simulation.mediator().observe([](const ffa_sim_fact&) {}));
  EXPECT_EQ(simulation.mediator().rule_name(3), "rule_3");
  EXPECT_EQ(simulation.destroy_vm(1, 0), uint32_t{FFA_SIM_DONE});
  EXPECT_TRUE(simulation.violations().empty());
}

std::string life_of_a_vm(MediatorFactory& factory) {
  Choices choices{seeded_choices(1)};
  Simulation simulation{small_world(), factory, choices};
  simulation.boot();
  simulation.create_vm(1);
  for (const ffa::Regs& in :
       {regs({0x84000063, 0x10001}), regs({0xc4000066, ram_ipa, ram_ipa + page, 1}),
        regs({0x84000068}), regs({0x8400006f, 0x18001, 0, 5, 6, 7, 8, 9})}) {
    ffa::Regs r = in;
    simulation.guest_call(1, 0, FFA_SIM_SMC, r);
  }
  simulation.destroy_vm(1, 1);
  return trace::trace_hash(simulation.events());
}

TEST(Loader, TheBuiltInMediatorAsAPluginDoesTheSame) {
  const auto linked = built_in_mediator();
  const auto loaded = load_mediator(BUILT_IN_PLUGIN);
  EXPECT_EQ(life_of_a_vm(*linked), life_of_a_vm(*loaded));
  EXPECT_EQ(life_of_a_vm(*linked), life_of_a_vm(*linked));
}

}  // namespace
}  // namespace sim::test
