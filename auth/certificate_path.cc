// The search for a way from the client's certificate to a trusted authority (RFC 4158): depth first, certificates that
// are valid now before others, trusted ones before those that were sent, bounded in depth and in signatures checked.
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "auth/certificate_parsed.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

bool HasSubject(const Certificate& certificate, const X509_NAME* name) {
  return X509_NAME_cmp(X509_get_subject_name(X509Of(certificate)), name) == 0;
}

// By name and key identifier, whatever its key usage says.
bool IsSelfSigned(const Certificate& certificate) {
  X509* x509 = X509Of(certificate);
  int fits = X509_check_issued(x509, x509);
  return fits == X509_V_OK || fits == X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
}

std::string Quoted(const std::string& name) { return "`" + name + "`"; }

CertificateVerdict Wanting(CertificateCause cause, const Certificate& of, std::string detail) {
  CertificateVerdict verdict = Refused(cause, std::move(detail));
  verdict.wanted = of.Issuer();
  return verdict;
}

class Search {
 public:
  Search(const CertificateChain& chain, const CaSet& cas, const CertificateRules& rules, int64_t now_s)
      : sent_(chain.certificates()), trusted_(cas.certificates()), rules_(rules), now_s_(now_s) {}

  CertificateVerdict Run() {
    path_.push_back(&sent_[0]);
    std::string weakness = WeaknessOfKey(sent_[0]);
    if (!weakness.empty()) return Refused(CertificateCause::kWeakKey, Quoted(sent_[0].Subject()) + " " + weakness);
    bool found = Extend();
    ERR_clear_error();
    return found ? good_ : worst_;
  }

 private:
  // How much is known about why a way is none; the verdict that knows most is given.
  enum Rank : size_t { kNothing = 0, kMissing = 1, kWrongIssuer = 100, kGaveUp = 150, kWrongPath = 200 };

  void Note(size_t rank, CertificateVerdict verdict) {
    if (rank <= rank_) return;
    rank_ = rank;
    worst_ = std::move(verdict);
  }

  const Certificate& last() const { return *path_.back(); }
  bool IsTrusted(const Certificate* certificate) const {
    std::less<> before;
    return !before(certificate, trusted_.data()) && before(certificate, trusted_.data() + trusted_.size());
  }

  bool IsOnPath(const Certificate& certificate) const {
    return std::any_of(path_.begin(), path_.end(),
                       [&](const Certificate* other) { return other->fingerprint() == certificate.fingerprint(); });
  }

  bool IsValidNow(const Certificate& c) const { return c.not_before_s() <= now_s_ && now_s_ <= c.not_after_s(); }

  // From path_ on to the end of a way. False: there is none, and why was noted.
  bool Extend() {
    if (IsSelfSigned(last())) {
      NoteMissing();
      return false;
    }
    std::string weakness = WeaknessOfSignature(last());
    if (!weakness.empty()) {
      Note(kWrongIssuer, Refused(CertificateCause::kWeakKey, Quoted(last().Subject()) + " " + weakness));
      return false;
    }
    if (path_.size() == limits::kCertificateDepth) {
      Note(kMissing + path_.size(),
           Refused(CertificateCause::kPathLength,
                   "the way is longer than " + std::to_string(path_.size()) + " certificates"));
      return false;
    }
    bool any = false;
    for (bool valid : {true, false}) {
      for (const std::vector<Certificate>* all : {&trusted_, &sent_}) {
        for (const Certificate& issuer : *all) {
          if (IsValidNow(issuer) != valid || IsOnPath(issuer) || !HasIssued(issuer, last())) continue;
          any = true;
          if (Follow(issuer)) return true;
        }
      }
    }
    if (!any) NoteMissing();
    return false;
  }

  bool Follow(const Certificate& issuer) {
    path_.push_back(&issuer);
    bool ends = IsTrusted(&issuer) && (rules_.allow_partial_chain || IsSelfSigned(issuer));
    bool found = ends ? Judge() : Extend();
    path_.pop_back();
    return found;
  }

  bool Judge() {
    CertificateVerdict verdict = CheckPath(path_, rules_, now_s_);
    if (!verdict.ok()) {
      Note(kWrongPath, std::move(verdict));
      return false;
    }
    for (const Certificate* certificate : path_)
      if (IsTrusted(certificate)) verdict.cas.push_back(static_cast<size_t>(certificate - trusted_.data()));
    good_ = std::move(verdict);
    return true;
  }

  // Name, key identifier and signature. Whether it may issue is looked at when the way is complete.
  bool HasIssued(const Certificate& issuer, const Certificate& subject) {
    if (!HasSubject(issuer, X509_get_issuer_name(X509Of(subject)))) return false;
    int fits = X509_check_issued(X509Of(issuer), X509Of(subject));
    if (fits != X509_V_OK && fits != X509_V_ERR_KEYUSAGE_NO_CERTSIGN) return false;
    std::string weakness = WeaknessOfKey(issuer);
    if (!weakness.empty()) {
      Note(kWrongIssuer, Refused(CertificateCause::kWeakKey, Quoted(issuer.Subject()) + " " + weakness));
      return false;
    }
    if (signatures_++ >= limits::kCertificateSignatures) {
      Note(kGaveUp, Refused(CertificateCause::kTooLarge, "more than " + std::to_string(limits::kCertificateSignatures) +
                                                             " signatures would have to be checked"));
      return false;
    }
    if (X509_verify(X509Of(subject), issuer.parsed().key.get()) == 1) return true;
    Note(kWrongIssuer, Refused(CertificateCause::kBadSignature,
                               Quoted(subject.Subject()) + " names " + Quoted(issuer.Subject()) +
                                   " as its issuer, but is not signed by the key of the certificate of that name"));
    return false;
  }

  void NoteMissing() { Note(kMissing + path_.size(), Missing()); }

  CertificateVerdict Missing() const {
    const std::string subject = Quoted(last().Subject()), issuer = Quoted(last().Issuer());
    if (IsSelfSigned(last()) && path_.size() == 1)
      return Refused(CertificateCause::kSelfSigned, subject + " is issued by itself, and no authority vouches for it");
    if (IsSelfSigned(last()))
      return Wanting(CertificateCause::kUnknownRoot, last(), "the chain ends at " + subject + ", which is not trusted");
    const X509_NAME* wanted = X509_get_issuer_name(X509Of(last()));
    if (std::any_of(trusted_.begin(), trusted_.end(), [&](const Certificate& ca) { return HasSubject(ca, wanted); }))
      return Wanting(CertificateCause::kUnknownRoot, last(),
                     subject + " was issued by another " + issuer + " than the one that is trusted: its key differs");
    if (IsTrusted(path_.back()))
      return Wanting(CertificateCause::kUnknownRoot, last(),
                     "the trusted " + subject + " is an intermediate: its issuer " + issuer +
                         " is not trusted, and partial chains are not allowed");
    return Wanting(CertificateCause::kMissingIntermediate, last(),
                   "nobody sent the certificate of " + issuer + ", which issued " + subject);
  }

  const std::vector<Certificate>& sent_;
  const std::vector<Certificate>& trusted_;
  const CertificateRules& rules_;
  const int64_t now_s_;
  std::vector<const Certificate*> path_;
  size_t signatures_ = 0;
  size_t rank_ = kNothing;
  CertificateVerdict worst_;
  CertificateVerdict good_;
};

bool NamesAsIssuer(const Certificate& subject, const Certificate& issuer) {
  return HasSubject(issuer, X509_get_issuer_name(X509Of(subject)));
}

CertificateVerdict OutOfOrder(const Certificate& first, const Certificate& second) {
  return Refused(CertificateCause::kBadOrder,
                 Quoted(second.Subject()) + " was issued by " + Quoted(first.Subject()) + ", and stands behind it");
}

// A bundle that begins with an issuer; by strict_order, one in which an issuer stands anywhere but right behind.
CertificateVerdict CheckOrder(const std::vector<Certificate>& sent, bool strict) {
  for (size_t i = 1; i < sent.size(); ++i)
    if (NamesAsIssuer(sent[i], sent[0]) && !IsSelfSigned(sent[i]) && sent[0].is_ca())
      return OutOfOrder(sent[0], sent[i]);
  for (size_t i = 0; strict && i + 1 < sent.size(); ++i) {
    if (IsSelfSigned(sent[i]) || NamesAsIssuer(sent[i], sent[i + 1])) continue;
    for (const Certificate& other : sent)
      if (NamesAsIssuer(sent[i], other))
        return Refused(CertificateCause::kBadOrder, Quoted(sent[i].Subject()) + " is followed by " +
                                                        Quoted(sent[i + 1].Subject()) + ", and not by its issuer " +
                                                        Quoted(other.Subject()));
  }
  return {};
}

}  // namespace

CertificateVerdict VerifyChain(const CertificateChain& chain, const CaSet& cas, const CertificateRules& rules,
                               int64_t now_s) {
  const Certificate& leaf = chain.leaf();
  CertificateVerdict order = CheckOrder(chain.certificates(), rules.strict_order);
  if (!order.ok()) return order;
  bool is_trusted = std::any_of(cas.certificates().begin(), cas.certificates().end(),
                                [&](const Certificate& ca) { return ca.fingerprint() == leaf.fingerprint(); });
  if (leaf.is_ca() && (is_trusted || !IsSelfSigned(leaf)))
    return Refused(CertificateCause::kCaLeaf, Quoted(leaf.Subject()) + " is the certificate of an authority");
  return Search(chain, cas, rules, now_s).Run();
}

}  // namespace sluice::auth
