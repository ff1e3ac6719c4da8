// SPDX-License-Identifier: BSD-3-Clause
// The verbs of ffa-trace. main.cpp fills the options; each verb returns the exit code and throws
// sim::InputError for bad input.
#pragma once

#include <string>
#include <vector>

namespace ffa_trace {

struct DecodeOptions {
  std::vector<std::string> files;  ///< traces or logs; "-" is standard input
  bool full = false;               ///< descriptors, RX contents and translations too
  bool json = false;               ///< one object an event
  std::string color = "auto";      ///< auto: on a terminal, unless NO_COLOR is set; always, never
};
int decode(const DecodeOptions& options);

struct ImportOptions {
  std::string file = "-";  ///< a log; "-" is standard input
  std::string format;      ///< its name, or empty: guessed
  std::string pattern;     ///< a regular expression for its rows, or empty
  std::string output;      ///< a file, or empty: standard output
};
int import(const ImportOptions& options);

struct ReplayOptions {
  std::vector<std::string> files;
  std::string profile;           ///< a name, "none", or empty: chosen by the records
  std::string mediator;          ///< a plug-in's file, or empty: the built-in one
  std::string backend = "host";  ///< "host" or "unicorn"
  std::string spmc;              ///< "recorded", "model", or empty: recorded where both sides are
  bool json = false;             ///< one object a file
};
int replay(const ReplayOptions& options);

struct StatOptions {
  std::vector<std::string> files;
  bool json = false;  ///< one object a file
};
int stat(const StatOptions& options);

struct DiffOptions {
  std::string first;
  std::string second;
  std::vector<std::string> ignore;  ///< what is not compared: names of diff's --ignore
  bool json = false;                ///< one object a difference, and a last one with the figures
};
/// 0: the traces mean the same; 1: they differ.
int diff(const DiffOptions& options);

}  // namespace ffa_trace
