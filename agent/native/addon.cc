// SPDX-License-Identifier: Apache-2.0
//
// The bridge between the eBPF programs and JavaScript; addon.ts declares what it exports. One Session owns everything that it
// created in the kernel: open, set read-only data, load, attach, poll, clean up, always in that order.
//
// A thread of its own waits for the rings and copies records into two bounded buffers. JavaScript is woken once for whatever has
// gathered by then and takes it as one ArrayBuffer. When JavaScript is behind and a buffer is full, its ring is left alone: it fills,
// and the program in the kernel counts what it had to drop. So there is one place where events are lost, and it is counted.

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <napi.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../bpf/events.h"

namespace {

// libbpf explains a failure only through its print function. Its first line names the cause and becomes part of the reason that
// JavaScript sees; the rest are consequences, or the verifier's log.
thread_local std::string libbpf_said;

int keep_warning(enum libbpf_print_level level, const char *format, va_list arguments) {
  if (level != LIBBPF_WARN || !libbpf_said.empty()) return 0;
  char line[400];
  vsnprintf(line, sizeof(line), format, arguments);
  libbpf_said = line;
  libbpf_said.erase(libbpf_said.find_last_not_of('\n') + 1);
  return 0;
}

std::string failure(const std::string &what, int error) {
  std::string text = what + ": " + strerror(error < 0 ? -error : error);
  if (!libbpf_said.empty()) text += " (" + libbpf_said + ")";
  libbpf_said.clear();
  return text;
}

class Ring {
 public:
  ~Ring() { ring_buffer__free(handle_); }

  bool open(int map_fd, size_t max_pending_bytes) {
    max_pending_bytes_ = max_pending_bytes;
    handle_ = ring_buffer__new(map_fd, take, this, nullptr);
    return handle_ != nullptr;
  }
  int poll_fd() const { return ring_buffer__epoll_fd(handle_); }
  bool full() const { return pending.size() >= max_pending_bytes_; }
  // Until the ring is empty or the buffer full.
  void consume() {
    if (!full()) ring_buffer__consume(handle_);
  }

  std::vector<uint8_t> pending;

 private:
  static int take(void *context, void *data, size_t size) {
    auto *self = static_cast<Ring *>(context);
    auto *bytes = static_cast<uint8_t *>(data);
    self->pending.insert(self->pending.end(), bytes, bytes + size);
    // libbpf counts this record as consumed before it looks at the result, so the stop comes after keeping it.
    return self->full() ? -ENOBUFS : 0;
  }

  struct ring_buffer *handle_ = nullptr;
  size_t max_pending_bytes_ = 0;
};

struct Channel {
  ~Channel() {
    if (wake_fd >= 0) close(wake_fd);
  }

  std::mutex mutex;  // guards both rings and what follows
  Ring priority;
  Ring events;
  bool signalled = false;
  bool stopping = false;
  int wake_fd = -1;

  void wake() const {
    const uint64_t one = 1;
    if (write(wake_fd, &one, sizeof(one)) < 0) return;
  }
};

void deliver(Napi::Env env, Napi::Function on_batch, std::nullptr_t *, std::shared_ptr<Channel> *held);
using Waker = Napi::TypedThreadSafeFunction<std::nullptr_t, std::shared_ptr<Channel>, deliver>;

// Priority first. Empty when nothing is there.
std::vector<uint8_t> take_pending(Channel &channel) {
  std::vector<uint8_t> batch = std::move(channel.priority.pending);
  batch.insert(batch.end(), channel.events.pending.begin(), channel.events.pending.end());
  channel.priority.pending.clear();
  channel.events.pending.clear();
  return batch;
}

Napi::ArrayBuffer to_array_buffer(Napi::Env env, const std::vector<uint8_t> &batch) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, batch.size());
  memcpy(buffer.Data(), batch.data(), batch.size());
  return buffer;
}

void deliver(Napi::Env env, Napi::Function on_batch, std::nullptr_t *, std::shared_ptr<Channel> *held) {
  std::unique_ptr<std::shared_ptr<Channel>> owner(held);
  if (env == nullptr || on_batch.IsEmpty()) return;
  Channel &channel = **owner;
  std::vector<uint8_t> batch;
  {
    std::lock_guard<std::mutex> lock(channel.mutex);
    channel.signalled = false;
    if (channel.stopping) return;
    batch = take_pending(channel);
  }
  channel.wake();
  if (!batch.empty()) on_batch.Call({to_array_buffer(env, batch)});
}

class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Session",
                       {InstanceMethod("drain", &Session::drain), InstanceMethod("counters", &Session::counters),
                        InstanceMethod("close", &Session::close_from_js), InstanceAccessor<&Session::hooks>("hooks")});
  }

  explicit Session(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Session>(info) {
    const Napi::Env env = info.Env();
    const Napi::Object options = info[0].As<Napi::Object>();
    const Napi::Function on_batch = info[1].As<Napi::Function>();
    ring_bytes_["events"] = options.Get("eventsRingBytes").As<Napi::Number>().Uint32Value();
    ring_bytes_["priority"] = options.Get("priorityRingBytes").As<Napi::Number>().Uint32Value();
    linger_ms_ = options.Get("lingerMs").As<Napi::Number>().Int32Value();
    const size_t max_pending_bytes = options.Get("maxPendingBytes").As<Napi::Number>().Uint32Value();

    const Napi::Array objects = options.Get("objects").As<Napi::Array>();
    for (uint32_t index = 0; index < objects.Length(); index++) {
      const Napi::Object object = objects.Get(index).As<Napi::Object>();
      const std::string name = object.Get("name").As<Napi::String>();
      hooks_.push_back({name, attach(object)});
    }
    if (shared_maps_.empty()) return;  // Nothing could be loaded: every hook says why.

    channel_ = std::make_shared<Channel>();
    channel_->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (channel_->wake_fd < 0 || !channel_->priority.open(shared_maps_["priority"], max_pending_bytes) ||
        !channel_->events.open(shared_maps_["events"], max_pending_bytes)) {
      const std::string reason = failure("the ring buffers cannot be mapped", errno);
      for (auto &hook : hooks_) {
        if (hook.reason.empty()) hook.reason = reason;
      }
      clean_up();
      return;
    }
    waker_ = Waker::New(env, on_batch, "throughline-kernel", 0, 1);
    waker_.Unref(env);
    thread_ = std::thread([channel = channel_, waker = waker_, linger_ms = linger_ms_] { run(channel, waker, linger_ms); });
  }

  ~Session() override { clean_up(); }

 private:
  struct Hook {
    std::string name;
    std::string reason;  // empty: attached
  };

  // Returns why it could not be done, or nothing.
  std::string attach(const Napi::Object &options) {
    const std::string file = options.Get("file").As<Napi::String>();
    libbpf_said.clear();
    struct bpf_object *object = bpf_object__open_file(file.c_str(), nullptr);
    if (object == nullptr) return failure("cannot open " + file, errno);
    std::string reason = prepare(object, options.Get("constants").As<Napi::Object>());
    if (reason.empty()) {
      const int error = bpf_object__load(object);
      if (error != 0) reason = failure("the kernel refused the program", error);
    }
    std::vector<struct bpf_link *> links;
    struct bpf_program *program;
    if (reason.empty()) {
      bpf_object__for_each_program(program, object) {
        struct bpf_link *link = bpf_program__attach(program);
        if (link == nullptr) {
          const int error = errno;
          const std::string section = bpf_program__section_name(program);
          reason = error == ENOENT ? "this kernel has no tracepoint for " + section : failure("cannot attach to " + section, error);
          libbpf_said.clear();
          break;
        }
        links.push_back(link);
      }
    }
    if (!reason.empty()) {
      for (auto *link : links) bpf_link__destroy(link);
      bpf_object__close(object);
      return reason;
    }
    for (const char *name : {"priority", "events", "counters"}) {
      if (shared_maps_.count(name) == 0) shared_maps_[name] = bpf_object__find_map_fd_by_name(object, name);
    }
    objects_.push_back(object);
    links_.insert(links_.end(), links.begin(), links.end());
    return "";
  }

  // Read-only data and shared maps: what has to be settled between open and load.
  std::string prepare(struct bpf_object *object, const Napi::Object &constants) {
    const Napi::Array names = constants.GetPropertyNames();
    for (uint32_t index = 0; index < names.Length(); index++) {
      const std::string name = names.Get(index).As<Napi::String>();
      if (!set_constant(object, name, constants.Get(name).As<Napi::Number>().Int64Value())) return "the program has no constant " + name;
    }
    struct bpf_map *map;
    bpf_object__for_each_map(map, object) {
      const std::string name = bpf_map__name(map);
      const auto shared = shared_maps_.find(name);
      if (shared != shared_maps_.end()) {
        const int error = bpf_map__reuse_fd(map, shared->second);
        if (error != 0) return failure("cannot share the map " + name, error);
      } else if (ring_bytes_.count(name) != 0) {
        bpf_map__set_max_entries(map, ring_bytes_[name]);
      }
    }
    return "";
  }

  static bool set_constant(struct bpf_object *object, const std::string &name, int64_t value) {
    struct bpf_map *map;
    uint8_t *data = nullptr;
    size_t bytes = 0;
    bpf_object__for_each_map(map, object) {
      const std::string map_name = bpf_map__name(map);
      if (map_name.size() > 7 && map_name.substr(map_name.size() - 7) == ".rodata") {
        data = static_cast<uint8_t *>(const_cast<void *>(bpf_map__initial_value(map, &bytes)));
      }
    }
    const struct btf *btf = bpf_object__btf(object);
    const int32_t section_id = btf == nullptr ? -1 : btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
    if (data == nullptr || section_id < 0) return false;
    const struct btf_type *section = btf__type_by_id(btf, section_id);
    const struct btf_var_secinfo *variable = btf_var_secinfos(section);
    for (uint32_t index = 0; index < btf_vlen(section); index++, variable++) {
      const struct btf_type *type = btf__type_by_id(btf, variable->type);
      if (name != btf__name_by_offset(btf, type->name_off)) continue;
      if (variable->size > sizeof(value) || variable->offset + variable->size > bytes) return false;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
      memcpy(data + variable->offset, reinterpret_cast<uint8_t *>(&value) + sizeof(value) - variable->size, variable->size);
#else
      memcpy(data + variable->offset, &value, variable->size);
#endif
      return true;
    }
    return false;
  }

  static void run(std::shared_ptr<Channel> channel, Waker waker, int linger_ms) {
    bool rest = false;  // after a batch of plain events: let more gather before the next wake-up; priority never waits
    for (;;) {
      struct pollfd fds[3];
      {
        std::lock_guard<std::mutex> lock(channel->mutex);
        if (channel->stopping) return;
        // poll(2) ignores a negative descriptor: a full buffer waits for JavaScript, which wakes us when it has taken it.
        fds[0] = {channel->wake_fd, POLLIN, 0};
        fds[1] = {channel->priority.full() ? -1 : channel->priority.poll_fd(), POLLIN, 0};
        fds[2] = {rest || channel->events.full() ? -1 : channel->events.poll_fd(), POLLIN, 0};
      }
      const int ready = poll(fds, 3, rest ? linger_ms : -1);
      if (ready < 0 && errno != EINTR) return;
      rest = false;
      uint64_t ignored;
      if (fds[0].revents != 0 && read(channel->wake_fd, &ignored, sizeof(ignored)) < 0) continue;
      std::lock_guard<std::mutex> lock(channel->mutex);
      if (channel->stopping) return;
      if (fds[1].revents != 0) channel->priority.consume();
      if (fds[2].revents != 0) {
        channel->events.consume();
        rest = linger_ms > 0;
      }
      if (channel->signalled || (channel->priority.pending.empty() && channel->events.pending.empty())) continue;
      auto *held = new std::shared_ptr<Channel>(channel);
      if (waker.NonBlockingCall(held) == napi_ok) {
        channel->signalled = true;
      } else {
        delete held;
      }
    }
  }

  // Everything the kernel has said before this call, without waiting for the thread: what makes a watermark true.
  Napi::Value drain(const Napi::CallbackInfo &info) {
    if (!channel_) return info.Env().Null();
    std::vector<uint8_t> batch;
    {
      std::lock_guard<std::mutex> lock(channel_->mutex);
      channel_->priority.consume();
      channel_->events.consume();
      batch = take_pending(*channel_);
    }
    channel_->wake();
    if (batch.empty()) return info.Env().Null();
    return to_array_buffer(info.Env(), batch);
  }

  Napi::Value counters(const Napi::CallbackInfo &info) {
    const Napi::Env env = info.Env();
    const uint32_t kind = info[0].As<Napi::Number>().Uint32Value();
    struct hook_counters sum = {};
    const int cpus = libbpf_num_possible_cpus();
    if (cpus > 0 && shared_maps_.count("counters") != 0) {
      std::vector<struct hook_counters> rows(cpus);
      if (bpf_map_lookup_elem(shared_maps_["counters"], &kind, rows.data()) == 0) {
        for (const auto &row : rows) {
          sum.emitted += row.emitted;
          sum.dropped += row.dropped;
          sum.errors += row.errors;
          sum.skipped += row.skipped;
        }
      }
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("emitted", static_cast<double>(sum.emitted));
    result.Set("dropped", static_cast<double>(sum.dropped));
    result.Set("errors", static_cast<double>(sum.errors));
    result.Set("skipped", static_cast<double>(sum.skipped));
    return result;
  }

  Napi::Value hooks(const Napi::CallbackInfo &info) {
    const Napi::Env env = info.Env();
    Napi::Array result = Napi::Array::New(env, hooks_.size());
    for (size_t index = 0; index < hooks_.size(); index++) {
      Napi::Object hook = Napi::Object::New(env);
      hook.Set("name", hooks_[index].name);
      hook.Set("reason", hooks_[index].reason.empty() ? env.Null() : Napi::String::New(env, hooks_[index].reason).As<Napi::Value>());
      result.Set(static_cast<uint32_t>(index), hook);
    }
    return result;
  }

  Napi::Value close_from_js(const Napi::CallbackInfo &info) {
    clean_up();
    return info.Env().Undefined();
  }

  // In the reverse order of making; a second call finds nothing to do.
  void clean_up() {
    if (thread_.joinable()) {
      {
        std::lock_guard<std::mutex> lock(channel_->mutex);
        channel_->stopping = true;
      }
      channel_->wake();
      thread_.join();
      waker_.Release();
    }
    for (auto *link : links_) bpf_link__destroy(link);
    links_.clear();
    channel_.reset();
    for (auto *object : objects_) bpf_object__close(object);
    objects_.clear();
    shared_maps_.clear();
  }

  std::vector<Hook> hooks_;
  std::vector<struct bpf_object *> objects_;
  std::vector<struct bpf_link *> links_;
  std::map<std::string, int> shared_maps_;  // borrowed from the first object that loaded
  std::map<std::string, uint32_t> ring_bytes_;
  int linger_ms_ = 0;
  std::shared_ptr<Channel> channel_;
  Waker waker_;
  std::thread thread_;
};

int64_t nanoseconds(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return static_cast<int64_t>(at.tv_sec) * 1'000'000'000 + at.tv_nsec;
}

// The wall clock minus CLOCK_BOOTTIME. Of several readings the one with the least time between its two halves, since a
// preemption in between would shift every timestamp made from it.
Napi::Value wall_clock_offset_ns(const Napi::CallbackInfo &info) {
  int64_t best_gap = INT64_MAX;
  int64_t offset = 0;
  for (int attempt = 0; attempt < 5; attempt++) {
    const int64_t before = nanoseconds(CLOCK_BOOTTIME);
    const int64_t wall = nanoseconds(CLOCK_REALTIME);
    const int64_t after = nanoseconds(CLOCK_BOOTTIME);
    if (after - before >= best_gap) continue;
    best_gap = after - before;
    offset = wall - (before + (after - before) / 2);
  }
  return Napi::BigInt::New(info.Env(), offset);
}

Napi::Value boottime_ns(const Napi::CallbackInfo &info) {
  return Napi::BigInt::New(info.Env(), nanoseconds(CLOCK_BOOTTIME));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  libbpf_set_print(keep_warning);
  exports.Set("Session", Session::define(env));
  exports.Set("boottimeNs", Napi::Function::New<boottime_ns>(env));
  exports.Set("wallClockOffsetNs", Napi::Function::New<wall_clock_offset_ns>(env));
  exports.Set("pageBytes", static_cast<double>(sysconf(_SC_PAGESIZE)));
  return exports;
}

}  // namespace

NODE_API_MODULE(kernel, init)
