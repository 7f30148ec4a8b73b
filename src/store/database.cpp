#include "store/database.h"

#include <array>

#include <sqlite3.h>

#include "spencer/base/error.h"

#include "store/generation.h"

namespace spencer {
namespace {

/// "file:/a%20b?immutable=1": the form in which SQLite takes per-file settings.
std::string immutable_uri(const std::filesystem::path& path) {
  static constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-~";
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    if (kSafe.find(c) != std::string_view::npos) {
      uri += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      uri += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return uri + "?immutable=1";
}

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_NOMEM: return ErrorKind::out_of_memory;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG: return ErrorKind::invalid_argument;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorKind::corrupt;
    case SQLITE_MISUSE: return ErrorKind::internal;
    default: return ErrorKind::io;
  }
}

}  // namespace

Database::Database(const std::filesystem::path& path, Access access)
    : path_(path), access_(access) {
  const bool reading = access == Access::read;
  const std::string name = reading ? immutable_uri(path) : path.string();
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                    (reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(name.c_str(), &handle_, flags, nullptr);
  try {
    check(code);
    // A damaged file must not lead SQLite into running SQL of its own or trusting bad cell sizes.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, reading ? 1 : 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    execute("PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY");
    if (!reading) {
      execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE");
    }
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

Database::~Database() { sqlite3_close(handle_); }

void Database::fail(int code) const {
  const std::string reason = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  ErrorKind kind = kind_of(code);
  if (access_ == Access::read && kind != ErrorKind::out_of_memory) kind = ErrorKind::corrupt;
  if (kind == ErrorKind::corrupt) throw_corrupt(path_, reason);
  throw Error(kind, "cannot " + std::string(access_ == Access::read ? "read " : "write ") +
                        path_.string() + ": " + reason);
}

void Database::check(int code) const {
  if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) fail(code);
}

void Database::execute(const std::string& sql) {
  check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
}

void Database::attach(const std::filesystem::path& path, const std::string& name) {
  const std::string uri = immutable_uri(path);
  Statement statement(*this, "ATTACH ?1 AS " + name);
  statement.bind_text(1, uri).run();
}

void Database::close() {
  check(sqlite3_close(handle_));
  handle_ = nullptr;
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  database_.check(sqlite3_prepare_v2(database_.handle_, sql.data(), static_cast<int>(sql.size()),
                                     &handle_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(int parameter, std::int64_t value) {
  database_.check(sqlite3_bind_int64(handle_, parameter, value));
  return *this;
}

Statement& Statement::bind_text(int parameter, std::string_view text) {
  database_.check(sqlite3_bind_text64(handle_, parameter, text.data() != nullptr ? text.data() : "",
                                      text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  database_.check(
      sqlite3_bind_blob64(handle_, parameter, bytes.data(), bytes.size(), SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  database_.check(code);
  return code == SQLITE_ROW;
}

void Statement::reset() { sqlite3_reset(handle_); }

void Statement::run() {
  while (step()) {
  }
  reset();
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return {text != nullptr ? text : "",
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return {bytes != nullptr ? bytes : "",
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

}  // namespace spencer
