#pragma once

#include <string>

namespace flamingo::corpus {

/// The files that belong to one shard of a build.
///
///   <output>/work/000000.tar           pages that passed the rules for single pages
///   <output>/work/000000.signatures    what deduplication needs of them
///   <output>/work/000000.json          counters; written last, it says that the three are whole
///   <output>/train/000000.tar          the result
///   <output>/held-out/000000.tar       the same for pages held out
///   <output>/report/000000.json        counters of the result; written last
struct ShardFiles {
  std::string filtered, signatures, filtered_report;
  std::string train, held_out, report;

  ShardFiles(const std::string& output, const std::string& name)
      : filtered(output + "/work/" + name + ".tar"),
        signatures(output + "/work/" + name + ".signatures"),
        filtered_report(output + "/work/" + name + ".json"),
        train(output + "/train/" + name + ".tar"),
        held_out(output + "/held-out/" + name + ".tar"),
        report(output + "/report/" + name + ".json") {}
};

}  // namespace flamingo::corpus
