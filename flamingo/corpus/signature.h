#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flamingo/corpus/fingerprint.h"
#include "flamingo/document/document.h"

namespace flamingo::corpus {

/// What stands for a paragraph.
struct ParagraphPrint {
  uint32_t words = 0;
  std::vector<uint64_t> keys;  ///< of ParagraphHasher, one for each band

  friend bool operator==(const ParagraphPrint&, const ParagraphPrint&) = default;
};

/// All that deduplication needs of a document, so that pages of other shards need not be read.
/// A page of M3W (4.4 KB of text, about 9 paragraphs, 4.3 pictures) has about 700 bytes at 8 bands.
struct Signature {
  uint64_t url = 0;                        ///< url_key, 0: none
  TextHash text;                           ///< of plain_text
  uint32_t words = 0;                      ///< of the whole text, folded
  std::vector<ParagraphPrint> paragraphs;  ///< those of FingerprintConfig::min_words and more
  std::vector<uint64_t> pictures;          ///< picture_hash in the order given, 0: none

  friend bool operator==(const Signature&, const Signature&) = default;
};

/// Where a paragraph is in its document.
struct ParagraphPlace {
  size_t part = 0;    ///< index into Document::parts
  size_t offset = 0;  ///< bytes into its text
  size_t length = 0;  ///< bytes
};

/// A signature and the places of its paragraphs, one for one.
struct SignedDocument {
  Signature signature;
  std::vector<ParagraphPlace> places;
};

/// Signs a document. `pictures` are the hashes of its pictures, usually one for each media item.
/// A paragraph is the text between blank lines or media.
SignedDocument sign_document(const document::Document& document, const ParagraphHasher& hasher,
                             std::span<const uint64_t> pictures);

/// Takes paragraphs out of the document that was signed, and text parts that become empty.
/// removed: ascending indices into `places`; places are worthless afterwards.
void remove_paragraphs(document::Document& document, std::span<const ParagraphPlace> places,
                       std::span<const uint32_t> removed);

/// Bytes of a signature file. All signatures must have keys by `config`.
/// Layout (little endian): "FLSG", version u32, shingle_words, bands, rows, min_words u32, count
/// u64; each signature: url u64, text 2 x u64, words, paragraphs, pictures u32, then for each
/// paragraph words u32 and keys u64, then the pictures u64; at the end the CRC-32 of all before.
std::string write_signatures(std::span<const Signature> signatures,
                             const FingerprintConfig& config);

/// Reads write_signatures back. `where` names the file. Throws Error: damaged, cut off, another
/// version, or made with settings other than `config`.
std::vector<Signature> read_signatures(std::span<const std::byte> bytes,
                                       const FingerprintConfig& config, const std::string& where);

}  // namespace flamingo::corpus
