// How this process allocates memory.
#pragma once

namespace spencer {

/// Has glibc keep what is freed for what is allocated next, in one arena of all threads. A training
/// step frees tensors that the next one needs again; by default each of them is given back to the
/// system and taken from it anew, page by page. To be called before there are other threads.
void keep_freed_memory();

}  // namespace spencer
