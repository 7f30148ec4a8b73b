#include "text/vocabulary.h"

#include <algorithm>
#include <bit>

#include "spencer/base/error.h"

namespace spencer {
namespace {

constexpr std::int64_t kIdLimit = 1 << 24;

}  // namespace

void Vocabulary::reserve(std::size_t tokens, std::size_t bytes) {
  places_.reserve(tokens);
  bytes_.reserve(bytes);
  rehash(std::bit_ceil(std::max<std::size_t>(tokens * 2, 64)));
}

void Vocabulary::rehash(std::size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.id < 0) continue;
    std::size_t at = slot_of(hash_more(kHashStart, token(slot.id))) & mask;
    while (slots_[at].id >= 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void Vocabulary::add(std::string_view token, std::int64_t id) {
  if (id < 0 || id >= kIdLimit) {
    throw Error(ErrorKind::corrupt, source_ + ": token '" + std::string(token) + "' has the id " +
                                        std::to_string(id) + ", outside 0 to 16777215");
  }
  if (slots_.size() < (count_ + 1) * 2) rehash(std::max<std::size_t>(slots_.size() * 2, 64));
  const auto index = static_cast<std::size_t>(id);
  if (index >= places_.size()) places_.resize(index + 1);
  if (places_[index].start != kNoPlace && this->token(static_cast<std::int32_t>(id)) != token) {
    throw Error(ErrorKind::corrupt, source_ + ": two tokens share the id " + std::to_string(id) +
                                        ": '" +
                                        std::string(this->token(static_cast<std::int32_t>(id))) +
                                        "' and '" + std::string(token) + "'");
  }
  places_[index] = {static_cast<std::uint32_t>(bytes_.size()),
                    static_cast<std::uint32_t>(token.size())};
  bytes_ += token;
  longest_ = std::max(longest_, token.size());

  const std::uint64_t hash = hash_more(kHashStart, token);
  const auto check = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = slot_of(hash) & mask;
  for (; slots_[at].id >= 0; at = (at + 1) & mask) {
    if (slots_[at].check == check && this->token(slots_[at].id) == token) {
      slots_[at].id = static_cast<std::int32_t>(id);
      return;
    }
  }
  slots_[at] = {check, static_cast<std::int32_t>(id)};
  ++count_;
}

std::int32_t Vocabulary::find_hashed(std::uint64_t hash, std::string_view prefix,
                                     std::string_view rest) const {
  if (slots_.empty()) return -1;
  const auto check = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = slot_of(hash) & mask; slots_[at].id >= 0; at = (at + 1) & mask) {
    if (slots_[at].check != check) continue;
    const Place place = places_[static_cast<std::size_t>(slots_[at].id)];
    const char* bytes = bytes_.data() + place.start;
    if (place.length == prefix.size() + rest.size() &&
        std::string_view(bytes, prefix.size()) == prefix &&
        std::string_view(bytes + prefix.size(), rest.size()) == rest) {
      return slots_[at].id;
    }
  }
  return -1;
}

std::string_view Vocabulary::token(std::int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= places_.size()) return {};
  const Place place = places_[static_cast<std::size_t>(id)];
  if (place.start == kNoPlace) return {};
  return {bytes_.data() + place.start, place.length};
}

}  // namespace spencer
