// SPDX-License-Identifier: BSD-3-Clause
// Reports and traces appear whole or not at all, and what is no regular file keeps its place.
#include "sim/trace/atomic_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "sim/engine/input_error.hpp"
#include "tests/unit/trace/captures.hpp"

namespace {

namespace fs = std::filesystem;
using sim::trace::AtomicFile;

class AtomicFileTest : public testing::Test {
 protected:
  AtomicFileTest() { fs::create_directories(directory_); }
  ~AtomicFileTest() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(const char* name) const { return (directory_ / name).string(); }
  [[nodiscard]] long entries() const {
    return std::distance(fs::directory_iterator(directory_), fs::directory_iterator());
  }

 private:
  fs::path directory_ =
      fs::path(testing::TempDir()) / ("ffa_trace_atomic_" + std::to_string(getpid()));
};

TEST_F(AtomicFileTest, AppearsWholeOnCommitAndNotAtAllWithout) {
  const std::string file = path("r.xml");
  {
    AtomicFile abandoned(file);
    abandoned.write(std::string(100'000, 'x'));
  }
  EXPECT_EQ(entries(), 0);
  AtomicFile kept(file);
  kept.write("first ");
  EXPECT_FALSE(fs::exists(file));
  kept.commit("second");
  EXPECT_EQ(test::read_file(file), "first second");
  EXPECT_EQ(entries(), 1);
}

TEST_F(AtomicFileTest, AFileThatWasThereStaysUntilCommit) {
  const std::string file = path("r.xml");
  AtomicFile(file).commit("old");
  {
    AtomicFile abandoned(file);
  }
  EXPECT_EQ(test::read_file(file), "old");
  AtomicFile(file).commit("new");
  EXPECT_EQ(test::read_file(file), "new");
}

TEST_F(AtomicFileTest, APlaceThatCannotBeWrittenIsFoundAtOnce) {
  EXPECT_THROW(AtomicFile(path("")), sim::InputError);
  EXPECT_THROW(AtomicFile(path("no/r.xml")), sim::InputError);
  EXPECT_EQ(entries(), 0);
}

// Run by root, a rename would put a file in the place of /dev/null.
TEST_F(AtomicFileTest, APipeIsWrittenToAndNotReplaced) {
  const std::string pipe = path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  AtomicFile(pipe).commit("content");
  std::array<char, 16> got{};
  EXPECT_EQ(read(reader, got.data(), got.size()), 7);
  EXPECT_STREQ(got.data(), "content");
  EXPECT_EQ(close(reader), 0);
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(entries(), 1);
}

TEST_F(AtomicFileTest, WhatALinkNamesIsReplacedAndNotTheLink) {
  const std::string file = path("there");
  const std::string link = path("link");
  AtomicFile(file).commit("old");
  fs::create_symlink("there", link);
  AtomicFile(link).commit("new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(test::read_file(file), "new");
  EXPECT_EQ(entries(), 2);
}

}  // namespace
