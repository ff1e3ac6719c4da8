// SPDX-License-Identifier: BSD-3-Clause
// Guest configurations as xl has them: the syntax, what the keys become, and what goes before them.
#include <gtest/gtest.h>

#include <cstdio>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/loader_xl_syntax.hpp"
#include "sim/scenario/loader_xl_vm.hpp"
#include "tests/unit/temp_folder.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

/// "key@line=value …" of all settings.
std::string settings(const std::string& text) {
  std::string out;
  for (const XlSetting& setting : parse_xl(text, "g.cfg")) {
    out += (out.empty() ? "" : " ") + setting.key + "@" + std::to_string(setting.line) + "=" +
           setting.value.dump();
  }
  return out;
}
std::string syntax_error(const std::string& text) {
  try {
    parse_xl(text, "g.cfg");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(XlSyntax, SettingsStandOnLinesOrBehindSemicolons) {
  EXPECT_EQ(settings(""), "");
  EXPECT_EQ(settings("\n;; # nothing\n"), "");
  EXPECT_EQ(settings("a=1"), "a@1=1");
  EXPECT_EQ(settings("# first\r\n\n  a = 1 ; b_2='x';\r\n\tC\t=\t\"y\" # z\n"),
            R"(a@3=1 b_2@3="x" C@4="y")");
  EXPECT_EQ(settings("a=1\na=2"), "a@1=1 a@2=2");
}
TEST(XlSyntax, NumbersAreDecimalOctalOrHexadecimal) {
  EXPECT_EQ(settings("a=0;b=010;c=0x1F;d=0XfF;e=-3;f=18446744073709551615"),
            "a@1=0 b@1=8 c@1=31 d@1=255 e@1=-3 f@1=18446744073709551615");
  for (const char* bad : {"1.5", "16MB", "0x", "08", "-", "--1", "18446744073709551616", "1e3",
                          "-9223372036854775808"}) {
    EXPECT_EQ(syntax_error(std::string("\na=") + bad),
              std::string("g.cfg:2: '") + bad + "' is not a whole number of 64 bits");
  }
}
TEST(XlSyntax, StringsHaveEitherQuotesAndFewEscapes) {
  EXPECT_EQ(settings(R"(a="it's # ; = [" ; b='a"b')"), R"(a@1="it's # ; = [" b@1="a\"b")");
  EXPECT_EQ(settings(R"(a="\"\\\'\n\t")"), R"(a@1="\"\\'\n\t")");
  EXPECT_EQ(syntax_error(R"(a="\q")"),
            R"(g.cfg:1: 'q' behind a backslash; known are \\, \', \", \n and \t)");
  for (const char* bad : {"a='x", "a='x\n'", "a=\"x'", "a='x\\", "a='"}) {
    EXPECT_EQ(syntax_error(bad), "g.cfg:1: the string has no end") << bad;
  }
}
TEST(XlSyntax, ListsGoOverLinesAndMayEndInAComma) {
  EXPECT_EQ(settings("a=[]\nb=[ 1,'x', # c\n\n [2,] ,\n] # d\nc=3"),
            R"(a@1=[] b@2=[1,"x",[2]] c@6=3)");
  EXPECT_EQ(syntax_error("a=[1\n,"), "g.cfg:2: the list has no end");
  EXPECT_EQ(syntax_error("a=[1"), "g.cfg:1: the list has no end");
  EXPECT_EQ(syntax_error("a=[1\n 2]"), "g.cfg:2: '2' within a list");
  EXPECT_EQ(syntax_error("a=[,]").substr(0, 20), "g.cfg:1: ',' where a");
  EXPECT_EQ(settings("a=" + std::string(max_xl_depth, '[') + std::string(max_xl_depth, ']'))[0],
            'a');
  EXPECT_EQ(syntax_error("a=" + std::string(100000, '[')), "g.cfg:1: lists nested too deeply");
}
TEST(XlSyntax, WhatIsNoSettingIsRefusedWithItsLine) {
  EXPECT_EQ(syntax_error("\n\n3=a"), "g.cfg:3: '3' where a key should be");
  EXPECT_EQ(syntax_error(std::string("a=1\n\0", 5)), "g.cfg:2: byte 0x00 where a key should be");
  EXPECT_EQ(syntax_error("\xef\xbb\xbf"
                         "a=1"),
            "g.cfg:1: byte 0xef where a key should be");
  EXPECT_EQ(syntax_error("a 1"), "g.cfg:1: no '=' behind 'a'");
  EXPECT_EQ(syntax_error("a"), "g.cfg:1: no '=' behind 'a'");
  EXPECT_EQ(syntax_error("a+=1"), "g.cfg:1: '+=' is not supported: give the whole value at once");
  EXPECT_EQ(syntax_error("a=\n1"), "g.cfg:1: no value");
  EXPECT_EQ(syntax_error("a="), "g.cfg:1: no value");
  EXPECT_EQ(syntax_error("a=1 2"), "g.cfg:1: '2' behind the value of 'a'");
  EXPECT_EQ(syntax_error("a='x' 'y'"), "g.cfg:1: ''' behind the value of 'a'");
  EXPECT_EQ(syntax_error("a=True"),
            "g.cfg:1: 'T' where a value should be: a number, a string in quotes or a list");
}
TEST(XlSyntax, EveryBeginningOfAFileIsReadOrRefused) {
  const std::string whole = "# c\nname = 'x\\'y' ; a=[ 'b', [0x1F, ], 07 ] # d\nb = \"\\\"\"\n";
  for (size_t length = 0; length <= whole.size(); ++length) {
    const std::string error = syntax_error(whole.substr(0, length));
    EXPECT_TRUE(error.empty() || error.starts_with("g.cfg:")) << length << error;
  }
}

/// The fields of a VM as "pointer@line=value …".
std::string fields(const std::string& text) {
  std::string out;
  for (const XlField& field : vm_of_xl(parse_xl(text, "g.cfg"), "g.cfg").fields) {
    out += (out.empty() ? "" : " ") + field.pointer + "@" + std::to_string(field.line) + "=" +
           field.value.dump();
  }
  return out;
}
std::string vm_error(const std::string& text) {
  try {
    fields(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(XlVm, KeysBecomeFields) {
  EXPECT_EQ(fields("tee='ffa'\nffa_id=0x12;ffa_aarch64=0\nffa_peers=['sp1',3]"),
            R"(/tee@1="ffa" /id@2=18 /aarch64@2=false /peers@3=["sp1",3])");
  EXPECT_EQ(
      fields("tee='ffa';ffa_reaches_sps=0;ffa_visible_to_vms=2;ffa_overlapping_shares='1'"),
      R"(/tee@1="ffa" /reaches_sps@1=false /visible_to_vms@1=true /overlapping_shares@1=true)");
  EXPECT_EQ(fields("tee='ffa'\nffa_max_version='1.1'\nffa_max_shares=2\nffa_max_share_pages=3\n"
                   "ffa_max_ranges=4\nffa_max_rxtx_pages=5\nffa_max_borrowers=6\n"
                   "ffa_max_transfers=0\nffa_lends=1"),
            R"(/tee@1="ffa" /limits/version@2="1.1" /limits/shares@3=2 /limits/share_pages@4=3 )"
            "/limits/ranges@5=4 /limits/rxtx_pages@6=5 /limits/borrowers@7=6 "
            "/limits/transfers@8=0 /limits/lends@9=true");
  EXPECT_EQ(fields("tee='none';ffa_borrow_window=[0x80000000,16]"),
            R"(/tee@1="none" /borrow_window@1={"base":2147483648,"pages":16})");
}
TEST(XlVm, AFileThatNamesNoTeeHasNone) { EXPECT_EQ(fields("name='x'"), R"(/tee@1="none")"); }
TEST(XlVm, MemoryIsWhereXenHasIt) {
  EXPECT_EQ(fields("tee='ffa';memory=3072"),
            R"(/tee@1="ffa" /memory@1=[{"ipa":1073741824,"size":3221225472}])");
  EXPECT_EQ(fields("tee='ffa';memory='0xc01'"),
            R"(/tee@1="ffa" /memory@1=[{"ipa":1073741824,"size":3221225472},)"
            R"({"ipa":8589934592,"size":1048576}])");
  EXPECT_EQ(vm_error("\nmemory=0"), "g.cfg:2: 0 MiB is out of range: 1 to 1048576");
  EXPECT_EQ(vm_error("memory=1048577"), "g.cfg:1: 1048577 MiB is out of range: 1 to 1048576");
  EXPECT_EQ(vm_error("memory=-1"), "g.cfg:1: -1 MiB is out of range: 1 to 1048576");
  EXPECT_EQ(vm_error("memory=[16]"), "g.cfg:1: 'memory' is a number");
}
TEST(XlVm, VcpusAreAllThatItMayEverHave) {
  EXPECT_EQ(fields("tee='ffa'\nvcpus=3"), R"(/tee@1="ffa" /vcpus@2=3)");
  EXPECT_EQ(fields("tee='ffa'\nmaxvcpus=4\nvcpus=3"), R"(/tee@1="ffa" /vcpus@2=4)");
  EXPECT_EQ(fields("tee='ffa'\nvcpus='4'\nmaxvcpus=4"), R"(/tee@1="ffa" /vcpus@3=4)");
  EXPECT_EQ(vm_error("vcpus=5\nmaxvcpus=4"), "g.cfg:1: more vcpus than maxvcpus");
  EXPECT_EQ(vm_error("vcpus='two'"), "g.cfg:1: 'vcpus' is a number");
}
TEST(XlVm, KeysOfXlAloneAreNamedAsUnused) {
  const XlVm vm = vm_of_xl(parse_xl("disk=[]\nname='x'\nvcpu=2\ntee='ffa'\ndisk=['a']", "g"), "g");
  ASSERT_EQ(vm.unused.size(), 3U);
  EXPECT_EQ(vm.unused[0].key, "disk");
  EXPECT_EQ(vm.unused[1].key, "vcpu");
  EXPECT_EQ(vm.unused[2].line, 5U);
}
TEST(XlVm, WhatIsWrongWithAKeyOfOursIsToldWithItsLine) {
  EXPECT_EQ(vm_error("a=1\nffa_max_share=1").substr(0, 46),
            "g.cfg:2: unknown key 'ffa_max_share'; known: f");
  EXPECT_EQ(vm_error("tee='ffa'\n\ntee='none'"), "g.cfg:3: key 'tee' stands in line 1 already");
  EXPECT_EQ(vm_error("name='a'\nname='a'"), "g.cfg:2: key 'name' stands in line 1 already");
  EXPECT_EQ(vm_error("name=''"), "g.cfg:1: the name is empty");
  EXPECT_EQ(vm_error("name=3"), "g.cfg:1: 'name' is a string");
  EXPECT_EQ(vm_error("tee=1"), "g.cfg:1: 'tee' is a string");
  EXPECT_EQ(vm_error("tee='\xff'"), "g.cfg:1: 'tee' has characters other than printable ASCII");
  EXPECT_EQ(vm_error("ffa_peers=['\xc3']"),
            "g.cfg:1: 'ffa_peers' has characters other than printable ASCII");
  EXPECT_EQ(vm_error("ffa_peers='sp1'"), "g.cfg:1: 'ffa_peers' is a list");
  EXPECT_EQ(vm_error("ffa_lends='yes'"), "g.cfg:1: 'ffa_lends' is a number");
  EXPECT_EQ(vm_error("ffa_borrow_window=[1]"),
            "g.cfg:1: 'ffa_borrow_window' is a list [base, pages]");
  EXPECT_EQ(vm_error("ffa_borrow_window=[1,'x']"), "g.cfg:1: 'ffa_borrow_window' is a number");
}

class XlFiles : public testing::Test {
 protected:
  static void write(const std::string& name, const std::string& text) {
    std::FILE* const stream = std::fopen(::test::temp_folder().file(name).c_str(), "wb");
    ASSERT_NE(stream, nullptr);
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fclose(stream);
  }
  static std::string in_folder(const std::string& name) { return ::test::temp_folder().file(name); }
  /// Adds the files to a world with these VMs; gives the VMs.
  json add(const std::string& vms) {
    document_ = json{{"world", {{"vms", json::parse(vms)}}}};
    notes_.clear();
    origins_ = add_xl_files(document_, scenario_, notes_);
    return document_["world"]["vms"];
  }
  std::string scenario_ = in_folder("s.json");
  json document_;
  Origins origins_;
  std::vector<std::string> notes_;
};

TEST_F(XlFiles, WhatTheScenarioSaysGoesBeforeTheFile) {
  write("a.cfg", "tee='ffa'\nvcpus=2\nffa_max_shares=7\nffa_max_ranges=8\nmemory=1");
  EXPECT_EQ(add(R"({"vm1": {"config": "a.cfg", "vcpus": 3, "limits": {"shares": 9}, "memory": []},
                    "vm2": {"id": 5}, "vm3": {"config": "a.cfg"}})"),
            json::parse(R"({
      "vm1": {"tee": "ffa", "vcpus": 3, "limits": {"shares": 9, "ranges": 8}, "memory": []},
      "vm2": {"id": 5},
      "vm3": {"tee": "ffa", "vcpus": 2, "limits": {"shares": 7, "ranges": 8},
              "memory": [{"ipa": 1073741824, "size": 1048576}]}})"));
  EXPECT_TRUE(notes_.empty());
}
TEST_F(XlFiles, APlaceIsTheLineOfTheFileThatGaveIt) {
  write("b.cfg", "tee='ffa'\nvcpus=2\nffa_max_ranges=8\nmemory=1\nkernel='x'\ndisk=[]");
  add(R"({"vm1": {"config": "b.cfg", "vcpus": 3}})");
  const auto place = [&](const std::string& pointer) {
    return origin_of(origins_, "s.json", "/world/vms/vm1" + pointer);
  };
  EXPECT_EQ(place("/tee"), in_folder("b.cfg:1"));
  EXPECT_EQ(place("/limits/ranges"), in_folder("b.cfg:3"));
  EXPECT_EQ(place("/memory/0/size"), in_folder("b.cfg:4"));
  EXPECT_EQ(place("/vcpus"), "s.json:/world/vms/vm1/vcpus");
  EXPECT_EQ(place("/limits"), "s.json:/world/vms/vm1/limits");
  EXPECT_EQ(with_origin(origins_, "s.json", "s.json:/world/vms/vm1/tee: why: so"),
            in_folder("b.cfg:1: why: so"));
  EXPECT_EQ(with_origin(origins_, "s.json", "s.json: why"), "s.json: why");
  EXPECT_EQ(with_origin(origins_, "s.json", "t.json:/world/vms/vm1/tee: why"),
            "t.json:/world/vms/vm1/tee: why");
  EXPECT_EQ(notes_, std::vector{in_folder("b.cfg: not used: kernel (line 5), disk (line 6)")});
}
TEST_F(XlFiles, AWorldThatIsSilentAboutItsRamGetsEnough) {
  write("small.cfg", "memory=64");
  write("large.cfg", "memory=65");
  const std::string vms = R"({"vm1": {"config": "small.cfg"}, "vm2": {"config": )";
  add(vms + R"("small.cfg"}})");
  EXPECT_FALSE(document_["world"].contains("ram"));
  add(vms + R"("large.cfg"}})");
  EXPECT_EQ(document_["world"]["ram"], (256U + 64 + 65) << 20);
  EXPECT_EQ(origins_["/world/ram"], in_folder("large.cfg:1"));
  add(vms + R"("large.cfg", "memory": []}})");
  EXPECT_FALSE(document_["world"].contains("ram"));
  document_ = json{{"world", {{"ram", "1G"}, {"vms", {{"vm1", {{"config", "large.cfg"}}}}}}}};
  document_["world"]["vms"]["vm2"] = {{"config", "large.cfg"}};
  add_xl_files(document_, scenario_, notes_);
  EXPECT_EQ(document_["world"]["ram"], "1G");
}
TEST_F(XlFiles, WhatTheSchemaRefusesIsLeftToIt) {
  write("c.cfg", "tee='ffa'\nffa_max_shares=7");
  EXPECT_EQ(
      add(R"({"vm1": {"config": 3}, "vm2": 4, "vm3": {"config": "c.cfg", "limits": "x"}})"),
      json::parse(R"({"vm1": {"config": 3}, "vm2": 4, "vm3": {"tee": "ffa", "limits": "x"}})"));
  json document = 3;
  EXPECT_TRUE(add_xl_files(document, scenario_, notes_).empty());
}
TEST_F(XlFiles, AFileThatIsNotThereIsTheScenariosMistake) {
  try {
    add(R"({"vm1": {"config": "none.cfg"}})");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), scenario_ + ":/world/vms/vm1/config: " +
                                             in_folder("none.cfg: No such file or directory"));
  }
}

}  // namespace
}  // namespace sim::scenario
