#include "io/done_list.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <vector>

namespace sluice::io {
namespace {

bool Readable(const DoneList& list) {
  pollfd entry{list.fd(), POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

std::vector<uint64_t> TakeAll(DoneList& list) {
  std::vector<uint64_t> jobs(2 * DoneList::kCapacity);
  jobs.resize(list.Take(jobs.data(), jobs.size()));
  return jobs;
}

TEST(DoneList, ReadableWhileNotEmpty) {
  DoneList list;
  ASSERT_TRUE(list.ok());
  EXPECT_FALSE(Readable(list));
  list.Push(7);
  list.Push(8);
  EXPECT_TRUE(Readable(list));
  uint64_t job = 0;
  EXPECT_EQ(list.Take(&job, 1), 1u);
  EXPECT_EQ(job, 7u);
  EXPECT_TRUE(Readable(list));
  EXPECT_EQ(TakeAll(list), std::vector<uint64_t>{8});
  EXPECT_FALSE(Readable(list));
  EXPECT_TRUE(TakeAll(list).empty());
}

TEST(DoneList, LosesTheOldestBeyondItsCapacity) {
  DoneList list;
  for (uint64_t job = 0; job < DoneList::kCapacity + 3; ++job) list.Push(job);
  const std::vector<uint64_t> jobs = TakeAll(list);
  ASSERT_EQ(jobs.size(), DoneList::kCapacity);
  EXPECT_EQ(jobs.front(), 3u);
  EXPECT_EQ(jobs.back(), DoneList::kCapacity + 2);
}

}  // namespace
}  // namespace sluice::io
