# Finds what spencer builds on. Debian packages give all but libtorch and the tree-sitter grammars,
# which scripts/setup.sh puts under SPENCER_DEPS (pinned and checked by hash).
set(default_deps ${PROJECT_SOURCE_DIR}/.deps)
if(DEFINED ENV{SPENCER_DEPS})
  set(default_deps $ENV{SPENCER_DEPS})
endif()
set(SPENCER_DEPS ${default_deps} CACHE PATH "Folder filled by scripts/setup.sh")

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sentencepiece REQUIRED IMPORTED_TARGET sentencepiece)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

# faiss: Debian ships a static library and its headers, without a CMake package. BLAS and LAPACK are
# static too, and hidden (see SpencerRooms.cmake): libtorch calls its own sgemm_ through the dynamic
# symbol table, so a shared libblas loaded before it would take those calls over and slow every
# matrix product down.
find_path(FAISS_INCLUDE_DIR faiss/IndexFlat.h REQUIRED)
find_library(FAISS_LIBRARY faiss REQUIRED)
find_library(STATIC_LAPACK_LIBRARY liblapack.a REQUIRED)
find_library(STATIC_BLAS_LIBRARY libblas.a REQUIRED)
add_library(spencer_faiss INTERFACE)
target_include_directories(spencer_faiss SYSTEM INTERFACE ${FAISS_INCLUDE_DIR})
target_link_libraries(spencer_faiss INTERFACE ${FAISS_LIBRARY} ${STATIC_LAPACK_LIBRARY}
                      ${STATIC_BLAS_LIBRARY} -l:libgfortran.so.5 OpenMP::OpenMP_CXX)

# libtorch: headers and CPU libraries alone. The package's own CMake files ask for a CUDA toolkit
# even for CPU use; CUDA is loaded at run time instead (see model/engine).
set(SPENCER_TORCH_DIR "" CACHE PATH "The torch package folder, which holds include/ and lib/")
set(torch_candidates ${SPENCER_TORCH_DIR})
if(Torch_DIR)  # <torch>/share/cmake/Torch
  list(APPEND torch_candidates ${Torch_DIR}/../../..)
endif()
list(APPEND torch_candidates ${SPENCER_DEPS}/torch/torch)
find_path(TORCH_INCLUDE_DIR torch/csrc/api/include/torch/torch.h
          PATHS ${torch_candidates} PATH_SUFFIXES include NO_DEFAULT_PATH)
if(NOT TORCH_INCLUDE_DIR)
  message(FATAL_ERROR "libtorch was not found. Run scripts/setup.sh, or set Torch_DIR or "
                      "SPENCER_TORCH_DIR to the torch you have.")
endif()
cmake_path(GET TORCH_INCLUDE_DIR PARENT_PATH TORCH_ROOT)
set(TORCH_LIBRARY_DIR ${TORCH_ROOT}/lib)
add_library(spencer_libtorch INTERFACE)
target_include_directories(spencer_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIR}
                           ${TORCH_INCLUDE_DIR}/torch/csrc/api/include)
target_link_libraries(spencer_libtorch INTERFACE ${TORCH_LIBRARY_DIR}/libtorch_cpu.so
                      ${TORCH_LIBRARY_DIR}/libc10.so)

# tree-sitter: the core and one grammar per language, compiled from their C sources.
include(SpencerTreeSitter OPTIONAL)
