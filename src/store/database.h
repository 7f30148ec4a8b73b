// SQLite, with its handles owned and its errors typed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace spencer {

/// One connection. Used by one thread at a time.
class Database {
 public:
  enum class Access {
    read,   ///< never changed by anybody: no locks are taken, and any failure means damage
    create  ///< a new file, made whole by its writer's own flush: no journal
  };
  Database(const std::filesystem::path& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void execute(const std::string& sql);
  /// Makes another, unchanging database visible under `name`.
  void attach(const std::filesystem::path& path, const std::string& name);
  /// Closes the file. @throws Error where SQLite could not write all
  void close();

 private:
  friend class Statement;
  [[noreturn]] void fail(int code) const;
  void check(int code) const;

  std::filesystem::path path_;
  Access access_;
  sqlite3* handle_ = nullptr;
};

/// A prepared statement. Bind, then step; `reset` before the next use.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Parameters are counted from 1; text must stay valid until the next `reset`.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind_text(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);
  /// True with a row to read, false at the end.
  bool step();
  void reset();
  /// Steps to the end and resets.
  void run();

  /// Columns are counted from 0. What text and blob give is valid until the next step.
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace spencer
