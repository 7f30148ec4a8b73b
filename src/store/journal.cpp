#include "store/journal.h"

#include <array>
#include <cstring>

#include "spencer/base/file.h"

namespace spencer {
namespace {

constexpr std::array<char, 8> kJournalMagic = {'S', 'P', 'J', 'R', 'N', 'L', '0', '1'};

struct JournalHeader {
  std::array<char, 8> magic = kJournalMagic;
  std::uint64_t dimension = 0;
  Hash128 settings;
};
static_assert(sizeof(JournalHeader) == 32);

/// Checksum of an entry's bytes before the checksum itself, its last 8 bytes.
std::uint64_t entry_checksum(std::span<const std::byte> entry) {
  return hash64({reinterpret_cast<const char*>(entry.data()), entry.size() - 8});
}

}  // namespace

Journal::Journal(const std::filesystem::path& path, const std::string& settings,
                 std::int64_t dimension)
    : file_(path, OutputFile::Mode::extend, 0),
      settings_(hash128(settings)),
      dimension_(dimension),
      entry_bytes_(sizeof(Hash128) + static_cast<std::size_t>(dimension) * sizeof(float) + 8),
      entry_(entry_bytes_),
      vector_(static_cast<std::size_t>(dimension)) {
  take_over();
}

void Journal::take_over() {
  const JournalHeader expected{kJournalMagic, static_cast<std::uint64_t>(dimension_), settings_};
  const MappedFile map(file_.path());
  const auto bytes = map.bytes();
  if (bytes.size() < sizeof expected ||
      std::memcmp(bytes.data(), &expected, sizeof expected) != 0) {
    file_.truncate(0);
    file_.append(std::as_bytes(std::span(&expected, 1)));
    return;
  }
  count_ = static_cast<std::int64_t>((bytes.size() - sizeof expected) / entry_bytes_);
  for (std::int64_t i = 0; i < count_; ++i) {
    const auto entry =
        bytes.subspan(sizeof expected + static_cast<std::size_t>(i) * entry_bytes_, entry_bytes_);
    std::uint64_t stated = 0;
    std::memcpy(&stated, entry.data() + entry.size() - 8, 8);
    if (stated != entry_checksum(entry)) continue;
    Hash128 text;
    std::memcpy(&text, entry.data(), sizeof text);
    entries_[text] = i;
  }
  file_.truncate(sizeof expected + static_cast<std::size_t>(count_) * entry_bytes_);
}

std::span<const float> Journal::find(const Hash128& text) {
  const auto found = entries_.find(text);
  if (found == entries_.end()) return {};
  const std::size_t at =
      sizeof(JournalHeader) + static_cast<std::size_t>(found->second) * entry_bytes_;
  file_.read_at(at + sizeof(Hash128), std::as_writable_bytes(std::span(vector_)));
  return vector_;
}

void Journal::add(const Hash128& text, std::span<const float> vector) {
  std::memcpy(entry_.data(), &text, sizeof text);
  std::memcpy(entry_.data() + sizeof text, vector.data(), vector.size_bytes());
  const std::uint64_t checksum = entry_checksum(entry_);
  std::memcpy(entry_.data() + entry_.size() - 8, &checksum, 8);
  file_.append(entry_);
  entries_[text] = count_++;
}

}  // namespace spencer
