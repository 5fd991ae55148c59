#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trueup::term {

/// Where text goes: a terminal, a pipe, a file, or a string in tests. Every method is safe from any
/// thread. Text is written as it is: what comes from data passes through printable() first.
class Stream {
  public:
    virtual ~Stream() = default;

    /// Writes all of `text`, above the live line when there is one. A reader that went away
    /// (EPIPE) is no error: from then on everything is dropped. Other failures are kept for
    /// status().
    void write(std::string_view text);

    /// Shows `line` (no line feed, no wider than the terminal) as the last line of a terminal until
    /// it is replaced; an empty one removes it. Only for terminals.
    void set_live_line(std::string_view line);

    /// The reader went away: a command that only prints may stop early.
    bool is_closed() const;
    /// The first write error but EPIPE, naming the stream.
    Status status() const;

    virtual bool is_tty() const = 0;
    /// Columns; 80 when nobody knows.
    virtual int width() const = 0;

  protected:
    /// 0, or an errno.
    virtual int put(std::string_view text) = 0;
    virtual std::string_view name() const = 0;

  private:
    void put_locked(std::string_view text);

    mutable std::mutex mutex_;
    std::string live_line_;
    bool is_closed_ = false;
    int error_ = 0;
};

/// A file descriptor of the process; it stays open. `name` is for error messages.
class FdStream final : public Stream {
  public:
    FdStream(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
    bool is_tty() const override;
    int width() const override;

  private:
    int put(std::string_view text) override;
    std::string_view name() const override { return name_; }

    int fd_;
    std::string name_;
};

/// Keeps what was written; what a test looks at.
class StringStream final : public Stream {
  public:
    StringStream() = default;
    /// A pretended terminal of that width.
    explicit StringStream(int tty_width) : tty_width_(tty_width) {}
    bool is_tty() const override { return tty_width_ > 0; }
    int width() const override { return tty_width_ > 0 ? tty_width_ : 80; }
    /// Not while another thread may write.
    const std::string& text() const { return text_; }
    void clear() { text_.clear(); }

  private:
    int put(std::string_view text) override;
    std::string_view name() const override { return "string"; }

    int tty_width_ = 0;
    std::string text_;
};

}  // namespace trueup::term
