// Standard output as a stream that knows why a write failed.
#pragma once

#include <ostream>
#include <streambuf>
#include <vector>

namespace spencer {

/// Writes to a descriptor. Once a write has failed, the rest is dropped and `error()` says why.
class DescriptorBuffer : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor);
  int error() const { return error_; }  ///< errno of the write that failed, or 0

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  void drain();

  int descriptor_;
  int error_ = 0;
  std::vector<char> buffer_;
};

/// Flushes what is left. A reader that went away (`| head`) is no failure.
/// @throws Error{io} for any other failure, a full disk for example
void finish_output(std::ostream& out, const DescriptorBuffer& buffer);

}  // namespace spencer
