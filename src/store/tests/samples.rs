//! One record of every kind.

use serde_json::json;

use crate::domain::account::{Account, Hidden, RefreshToken, Revocation, Session, SessionEnd, StaffRole, Till};
use crate::domain::adjustment::{Adjustment, AdjustmentState};
use crate::domain::anomaly::{
    Anomaly, AnomalyRule, AnomalyStatus, Link, LinkKind, Rules as AnomalyRules, RulesEntry, ScanDay, Signal,
};
use crate::domain::audit::{AuditRecord, Head};
use crate::domain::calendar::Due;
use crate::domain::checkpoint::{Block, Checkpoint};
use crate::domain::command::Outcome;
use crate::domain::dispute::{
    Compensation, Dispute, DisputeAbout, DisputeAnswer, DisputeDecision, DisputeOutcome, DisputeParty, HoldRelease,
};
use crate::domain::evidence_file::{EvidenceFile, FileAbout, FileKind, FileMedia};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::import::{ImportFile, ImportTable};
use crate::domain::ledger::{Accounts, LedgerAccount, LedgerLine, Movement, MovementKind, account_id, line_id};
use crate::domain::money::Fen;
use crate::domain::old_item_end::{EndStep, OldItemStep};
use crate::domain::personal::{DataKey, Personal};
use crate::domain::pickup::{Pickup, PickupStatus};
use crate::domain::product::Product;
use crate::domain::programme::Rules;
use crate::domain::records::{
    AccountProposal, AssistantUse, AssistedClaim, BankAccount, Baseline, ClaimKey, ClaimKind, ConsentKind, Counted,
    Delivery, OffSystem, Person, Programme, ProgrammeStatus, ProposalStatus, QuotaUse, Recycler, Redemption,
    RedemptionState, RedemptionStatus, Rejection, RejectionCode, ReleaseUse, Retailer, Standing, Store, TurnIn,
    TurnInStatus, Version, Voucher, VoucherStatus,
};
use crate::domain::rollup::{RollupEntry, RollupKey, Tally};
use crate::domain::settlement::{
    BankReturn, Bucket, Control, Frozen, Hold, HoldKind, LineHold, LineRejection, Payment, PaymentBatch, Portion,
    ReconciliationAnswer, ReconciliationKind, ReconciliationRow, ReconciliationStatus, Recovered, Repayment,
    Settlement, SettlementStatus, Signature, Withdrawal,
};
use crate::domain::time::Moment;
use crate::domain::webhook::{EventKind, Miss, Webhook, WebhookStatus};
use crate::store::{Attempt, ClaimWrite, DoneRow, Saved};

pub const PROGRAMME: &str = "nc-appl-2026";

/// Ten in the morning on 18 June 2026 in Asia/Shanghai.
pub fn at() -> Moment {
    Moment::parse("2026-06-18T10:00:00.000001+08:00").unwrap()
}

pub fn id(counter: u32) -> Id {
    Id::derived(at(), Id::digest(&["sample"]), counter)
}

fn personal(text: &str) -> Personal {
    Personal { lookup: Id::digest(&[text]), sealed: format!("sealed {text}"), masked: "张*".into() }
}

pub fn version() -> Version {
    let rules: Rules = serde_json::from_value(json!({
        "id": PROGRAMME, "title": "家电以旧换新",
        "region": {"divisions": ["3601"]},
        "funding": [{"source": "central", "percent": "90"}, {"source": "province", "percent": "10"}],
        "windows": {"claim": {"from": "2026-01-01", "to": "2026-12-31"}},
        "voucher": {"days": 7, "reclaims": 2},
        "lines": [{"category": "refrigerator", "pool": "100000.00", "tiers": []}],
    }))
    .unwrap();
    Version { programme: PROGRAMME.into(), number: 1, rules, published_at: Some(at()) }
}

pub fn line() -> LedgerLine {
    let balances = Accounts {
        appropriation: Fen(-10_000),
        available: Fen(7000),
        reserved: Fen(1000),
        payable: Fen(1500),
        paid: Fen(500),
        clawback: Fen(0),
    };
    let category = Category::Refrigerator;
    LedgerLine { id: line_id(PROGRAMME, category), programme: PROGRAMME.into(), category, balances }
}

pub fn claim(salt: &str) -> ClaimKey {
    ClaimKey::new(ClaimKind::NewSerial, &[salt, "haier", "A1"])
}

pub fn voucher() -> Voucher {
    Voucher {
        id: id(1),
        programme: PROGRAMME.into(),
        version: 1,
        category: Category::Refrigerator,
        line: line().id,
        person: Id::digest(&["person"]),
        division_code: "360111".into(),
        turn_in: Some(id(2)),
        status: VoucherStatus::Issued,
        reserved: Fen(1000),
        issued_at: at(),
        expires_at: at().plus_seconds(600),
        redemption: None,
        claims: vec![ClaimKey::new(ClaimKind::OldSerial, &["old"])],
        quotas: vec![Id::digest(&["quota"])],
        device: Some(Id::digest(&["device"])),
    }
}

pub fn turn_in() -> TurnIn {
    let item =
        json!({"category": "refrigerator", "serial_number": "S1", "received_on": "2026-06-17", "credit": "50.00"});
    TurnIn {
        id: id(2),
        person: Id::digest(&["person"]),
        owner_name: "张*".into(),
        owner_number: "3601**********1234".into(),
        recorder: id(3),
        status: TurnInStatus::Matched,
        voucher: Some(id(1)),
        item: serde_json::from_value(item).unwrap(),
        claims: vec![ClaimKey::new(ClaimKind::OldSerial, &["old"])],
        recorded_at: at(),
        void_reason: None,
    }
}

pub fn redemption() -> Redemption {
    let item =
        json!({"category": "refrigerator", "brand": "海尔", "model": "M", "energy_level": 1, "serial_number": "A1"});
    let price = json!({"list": "100.00", "discounts": "0.00", "final": "100.00"});
    let buyer = serde_json::to_value(personal("buyer")).unwrap();
    let invoice =
        json!({"number": "12345678901234567890", "issued_on": "2026-06-18", "total": "100.00", "buyer": buyer});
    Redemption {
        id: id(4),
        voucher: id(1),
        programme: PROGRAMME.into(),
        version: 1,
        category: Category::Refrigerator,
        line: line().id,
        person: Id::digest(&["person"]),
        retailer: id(5),
        store: id(6),
        town: "青云谱镇".into(),
        clerk: Id::digest(&["clerk"]),
        bucket: Bucket::key(id(5), PROGRAMME, at().day()),
        turn_in: Some(id(2)),
        at: at(),
        subsidy: Fen(1500),
        merchant_bonus: Fen(0),
        consumer_pays: Fen(8500),
        funding: serde_json::from_value(json!([{"source": "central", "amount": "15.00"}])).unwrap(),
        item: serde_json::from_value(item).unwrap(),
        price: serde_json::from_value(price).unwrap(),
        invoice: serde_json::from_value(invoice).unwrap(),
        delivery: Delivery { division_code: Some("360111".into()), address: Some(personal("address")), phone: None },
        completed: true,
        claims: vec![claim("shown")],
    }
}

pub fn adjustment() -> Adjustment {
    let Redemption { id, voucher, programme, category, line, retailer, store, bucket, .. } = redemption();
    Adjustment {
        id: Adjustment::key(id, 2),
        redemption: id,
        voucher,
        programme,
        version: 2,
        category,
        line,
        retailer,
        store,
        before: Fen(1500),
        after: Fen(2000),
        amount: Fen(500),
        funding: serde_json::from_value(json!([{"source": "central", "amount": "-1.00"}])).unwrap(),
        author: self::id(20),
        at: at(),
        bucket,
    }
}

pub fn redemption_state() -> RedemptionState {
    let reason = "退货".to_owned();
    RedemptionState {
        redemption: id(4),
        status: RedemptionStatus::ClawedBack,
        step: id(7),
        at: at(),
        reason,
        rejection: Some(Rejection { settlement: id(61), code: RejectionCode::Photo, adjustments: vec![id(20)] }),
        bucket: Some(bucket().id),
    }
}

pub fn movement() -> Movement {
    let deltas = Accounts { available: Fen(100), reserved: Fen(-1600), payable: Fen(1500), ..Accounts::default() };
    let kind = MovementKind::Redeem;
    Movement { id: id(8), line: line().id, retailer: Some(id(5)), kind, subject: id(4), deltas, at: at() }
}

pub fn entry(counter: u32, effective: Moment, recorded: Moment) -> RollupEntry {
    let key = RollupKey {
        programme: PROGRAMME.into(),
        category: Category::Refrigerator,
        retailer: id(5),
        store: id(6),
        town: "青云谱镇".into(),
        effective: effective.day(),
        recorded: recorded.day(),
    };
    let tally = Tally { redeemed: 1, completed: 1, amount_redeemed: Fen(1500), ..Tally::default() };
    let id = Id::derived(recorded, Id::digest(&["entry"]), counter);
    RollupEntry { id, subject: self::id(4), key, tally, at: recorded }
}

pub fn baseline() -> Baseline {
    let monthly = Some(vec![1000; 12]);
    Baseline { id: id(9), year: 2023, value: 12_000, source: "统计局".into(), monthly, author: id(20), at: at() }
}

pub fn off_system() -> OffSystem {
    OffSystem { id: id(10), month: 202_605, count: 300, source: "商务局".into(), author: id(20), at: at() }
}

pub fn retailer() -> Retailer {
    Retailer {
        id: id(5),
        name: "南昌家电".into(),
        uscc: "91360100MA00000000".into(),
        divisions: vec!["360111".into()],
        account: BankAccount { bank: "工行".into(), number: personal("account"), name: "南昌家电".into() },
        contact: Some(personal("contact")),
        standing: Standing::Approved,
        programmes: vec![PROGRAMME.into()],
        proposal: Some(id(70)),
        paying: vec![id(61)],
    }
}

pub fn account_proposal() -> AccountProposal {
    AccountProposal {
        id: id(70),
        retailer: id(5),
        account: BankAccount {
            bank: "中行".into(), number: personal("another account"), name: "南昌家电".into()
        },
        replaces: (&retailer().account).into(),
        status: ProposalStatus::Rejected,
        proposed_by: id(20),
        proposed_at: at(),
        decided_by: Some(id(21)),
        decided_at: Some(at()),
        reason: Some("户名不符".into()),
    }
}

pub fn old_item_step() -> OldItemStep {
    OldItemStep {
        id: id(83),
        turn_in: id(2),
        step: EndStep::Dismantled,
        organisation: id(3),
        day: at().day(),
        certificate: Some("CJ-2026-000017".into()),
        sha256: Some("ab".repeat(32)),
        author: id(82),
        at: at(),
    }
}

pub fn pickup() -> Pickup {
    Pickup {
        id: id(84),
        person: Id::digest(&["person"]),
        category: Category::Refrigerator,
        division_code: "360111".into(),
        town: "昌东镇".into(),
        address: personal("address"),
        from: at(),
        until: at().plus_seconds(3600),
        status: PickupStatus::Accepted,
        recycler: Some(id(3)),
        turn_in: None,
        reason: None,
        requested_at: at(),
        changed_at: at(),
    }
}

pub fn evidence_file() -> EvidenceFile {
    EvidenceFile {
        id: id(80),
        about: FileAbout::TurnIn,
        subject: id(2),
        person: Id::digest(&["person"]),
        kind: FileKind::OldItem,
        media: FileMedia::Jpeg,
        bytes: 10 * 1024 * 1024,
        sha256: "ab".repeat(32),
        blob: "cd".repeat(32),
        data_key: id(81),
        organisation: id(3),
        uploader: id(82),
        at: at(),
    }
}

pub fn assisted_claim() -> AssistedClaim {
    AssistedClaim {
        voucher: id(1),
        person: Id::digest(&["person"]),
        assistant: id(22),
        service_point: id(23),
        consent: ConsentKind::VerbalWitnessed,
        note: Some(personal("note")),
        at: at(),
    }
}

pub fn assistant_use() -> AssistantUse {
    let day = at().day();
    AssistantUse { id: AssistantUse::key(id(22), day), assistant: id(22), day, claims: 3 }
}

pub fn store() -> Store {
    Store {
        id: id(6),
        retailer: id(5),
        name: "青云谱店".into(),
        address: "解放西路 1 号".into(),
        division_code: "360111".into(),
        town: "青云谱镇".into(),
        standing: Standing::Registered,
    }
}

pub fn recycler() -> Recycler {
    Recycler {
        id: id(3),
        name: "回收点".into(),
        uscc: "91360100MA00000001".into(),
        address: "路 2 号".into(),
        division_code: "360111".into(),
        town: "青云谱镇".into(),
        opening_hours: None,
        latitude_micro: Some(28_640_000),
        longitude_micro: Some(115_900_000),
        categories: vec![Category::Refrigerator],
        standing: Standing::Approved,
    }
}

pub fn staff() -> Account {
    Account {
        id: Account::key("wang.fang"),
        login: "wang.fang".into(),
        role: StaffRole::Clerk,
        organisation: Some(id(5)),
        store: Some(id(6)),
        tasks: Vec::new(),
        name: personal("clerk"),
        password: Hidden("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA".into()),
        totp: Some(Hidden("sealed".into())),
        pending_totp: None,
        totp_step: 59_333_333,
        must_change: true,
        failed: 3,
        locked_until: Some(at().plus_seconds(60)),
        disabled: false,
        open: vec![id(60)],
        created_at: at(),
    }
}

pub fn session() -> Session {
    Session {
        id: id(60),
        account: staff().id,
        store: Some(id(6)),
        device: Some(id(61)),
        till: Some(id(62)),
        generation: 2,
        opened_at: at(),
        used_at: at(),
        idle_at: at().plus_seconds(60),
        lapses_at: at().plus_seconds(600),
        ended_at: Some(at()),
        end: Some(SessionEnd::Replayed),
    }
}

pub fn refresh_token() -> RefreshToken {
    let digest = [7; 32];
    let id = RefreshToken::key(&digest);
    RefreshToken {
        id,
        digest: hex::encode(digest),
        account: staff().id,
        session: self::id(60),
        generation: 2,
        at: at(),
    }
}

pub fn till() -> Till {
    Till {
        id: id(62),
        digest: hex::encode([8; 32]),
        retailer: id(5),
        store: id(6),
        label: "一号收银台".into(),
        device: Some(id(61)),
        created_at: at(),
        code_lapses_at: at().plus_seconds(60),
        enrolled_at: Some(at()),
        revoked_at: None,
    }
}

pub fn webhook() -> Webhook {
    Webhook {
        id: id(70),
        retailer: id(5),
        url: "https://erp.example.cn/huanxin".into(),
        label: "门店系统".into(),
        kinds: [EventKind::RedemptionRecorded, EventKind::SettlementPaid].into(),
        serial: 2,
        overlap_until: Some(at().plus_seconds(60)),
        status: WebhookStatus::Active,
        cursor: 41,
        tries: 3,
        retry_at: Some(at().plus_seconds(20)),
        failing_since: Some(at()),
        failure: Some("HTTP 503".into()),
        delivered_at: Some(at()),
        created_at: at(),
        stopped_at: None,
        reason: None,
    }
}

pub fn miss() -> Miss {
    let event = id(71);
    Miss {
        id: Miss::key(webhook().id, event),
        webhook: webhook().id,
        event,
        seq: 40,
        kind: EventKind::SettlementPaid,
        failure: "HTTP 400".into(),
        tries: 8,
        missed_at: at(),
        again_at: Some(at()),
        delivered_at: None,
    }
}

pub fn revocation() -> Revocation {
    Revocation::of_session(id(60), at())
}

pub fn checkpoint() -> Checkpoint {
    let (root, head) = ("ef".repeat(32), "ab".repeat(32));
    Checkpoint { id: id(60), number: 1, size: 1, root, head, at: at(), statement: "a.b.c".into() }
}

pub fn import() -> ImportFile {
    let (sha256, entries) = ("ab".repeat(32), Some("cd".repeat(32)));
    let table = ImportTable::Products;
    ImportFile { id: id(80), table, sha256, rows: 1, replaces: Id::NIL, entries, author: id(41), at: at() }
}

pub fn product() -> Product {
    Product {
        id: id(81),
        import: id(80),
        row: 2,
        gtin: "06909794246738".into(),
        category: Category::Refrigerator,
        brand: "Haier".into(),
        model: "BCD-510".into(),
        energy_level: Some(1),
        filed_price: Some(Fen(629_900)),
        at: at(),
    }
}

/// A data key.
pub fn data_key(person: Id) -> DataKey {
    let wrapped = Some("wrapped".into());
    DataKey { person, id: id(50), wrapped, master_kid: "m1".into(), made_at: at(), shredded_at: None }
}

pub fn portion() -> Portion {
    Portion::of(PROGRAMME, Category::Refrigerator, Fen(1500), &redemption().funding)
}

pub fn bucket() -> Bucket {
    let mut bucket = Bucket::empty(id(5), PROGRAMME, at().day());
    bucket.portions.add(&portion());
    bucket.held = 1;
    Bucket { settlement: Some(id(61)), stage: Some(SettlementStatus::Approved), ..bucket }
}

pub fn settlement() -> Settlement {
    let signature = Signature { by: id(62), at: at() };
    let control = Control { lines: 1, amount: Fen(1500) };
    Settlement {
        id: id(61),
        retailer: id(5),
        from: at().day(),
        to: at().day(),
        status: SettlementStatus::Approved,
        buckets: vec![bucket().id],
        submitted: control.plus(control),
        rejected: control,
        approved: Some(control),
        recovered: Fen(500),
        submission: signature,
        acceptance: Some(signature),
        review: Some(signature),
        rejecters: vec![id(62)],
        approvals: vec![signature],
        returned: Some("缺发票".into()),
        frozen: Some(Frozen {
            portions: bucket().portions,
            recovered: vec![Recovered { line: line().id, amount: Fen(500) }],
            account: retailer().account,
            lines_sha256: "ab".repeat(32),
            evidence_hashes: Some(3),
        }),
        batch: Some(id(63)),
        batches: vec![id(62), id(63)],
        payment: Some(Payment { reference: Some("R".into()), paid_on: at().day(), recorded: signature, held: 1 }),
        due: Some(Due { day: at().day(), holidays_known: true }),
        submitters: vec![id(62)],
        hands: vec![id(62), id(61)],
        withdrawn: vec![Withdrawal {
            frozen: Frozen {
                portions: bucket().portions,
                recovered: vec![Recovered { line: line().id, amount: Fen(500) }],
                account: retailer().account,
                lines_sha256: "cd".repeat(32),
                evidence_hashes: Some(2),
            },
            approvals: vec![signature],
            reason: "账号有误".into(),
            signature,
        }],
    }
}

pub fn adjustment_state() -> AdjustmentState {
    AdjustmentState {
        adjustment: adjustment().id,
        redemption: id(4),
        settlement: id(61),
        code: RejectionCode::Price,
        reason: "价格".into(),
        step: id(66),
        bucket: Some(bucket().id),
        at: at(),
    }
}

pub fn payment_batch() -> PaymentBatch {
    PaymentBatch {
        id: id(63),
        settlements: vec![id(61)],
        control: Control { lines: 1, amount: Fen(1000) },
        open: vec![id(64)],
        made: Signature { by: id(62), at: at() },
    }
}

pub fn reconciliation_row() -> ReconciliationRow {
    ReconciliationRow {
        id: id(64),
        batch: id(63),
        file: id(65),
        row: Some(1),
        kind: ReconciliationKind::Different,
        settlement: Some(id(61)),
        named: Some("这一笔".into()),
        paid: Some(false),
        expected: Some(Fen(1000)),
        found: Some(Fen(999)),
        reference: Some("R".into()),
        paid_on: Some(at().day()),
        status: ReconciliationStatus::Closed,
        answer: Some(ReconciliationAnswer::PayAgain),
        note: Some("退回".into()),
        asked: Some(Signature { by: id(61), at: at() }),
        closed: Some(Signature { by: id(62), at: at() }),
        at: at(),
    }
}

pub fn line_rejection() -> LineRejection {
    LineRejection {
        id: id(66),
        settlement: id(61),
        redemption: id(4),
        code: RejectionCode::SerialNumber,
        reason: "序列号不符".into(),
        lost: Control { lines: 1, amount: Fen(1500) },
        by: id(62),
        at: at(),
    }
}

pub fn bank_return() -> BankReturn {
    BankReturn { id: id(65), batch: id(63), sha256: "ab".repeat(32), rows: 1, by: id(62), at: at() }
}

pub fn repayment() -> Repayment {
    Repayment {
        id: id(67),
        retailer: id(5),
        amount: Fen(500),
        recovered: vec![Recovered { line: line().id, amount: Fen(500) }],
        reference: "R".into(),
        paid_on: at().day(),
        by: id(62),
        at: at(),
    }
}

pub fn anomaly_rules() -> RulesEntry {
    let rules = AnomalyRules::default();
    RulesEntry { id: RulesEntry::key(1), number: 1, rules, reason: "收紧".into(), author: id(41), at: at() }
}

pub fn anomaly() -> Anomaly {
    let signal = Signal {
        rule: AnomalyRule::ClerkBurst,
        subject: id(80),
        day: at().day(),
        since: at().day(),
        part: 0,
        measure: 9,
        score: 56,
        holds: true,
        lines: vec![id(4)],
        retailers: vec![id(5)],
        evidence: vec![Link { kind: LinkKind::Account, id: id(80) }],
        zh: "集中核销".into(),
        en: "a burst".into(),
    };
    let (resolved_by, resolved_at) = (Some(id(42)), Some(at()));
    let (status, reason) = (AnomalyStatus::Confirmed, Some("属实".into()));
    Anomaly { id: signal.id(), signal, rules: 1, at: at(), status, resolved_by, resolved_at, reason }
}

pub fn dispute() -> Dispute {
    Dispute {
        id: id(81),
        about: DisputeAbout::Redemption,
        subject: id(4),
        codes: Vec::new(),
        retailer: Some(id(5)),
        opened_by: DisputeParty::Consumer,
        opener: Id::digest(&["person"]),
        author: id(43),
        statement: "未送货".into(),
        opened_at: at(),
        answer_by: at().day(),
        decide_by: Due { day: at().day(), holidays_known: true },
        answer: Some(DisputeAnswer { text: "已送达".into(), by: id(44), at: at() }),
        decision: Some(DisputeDecision {
            outcome: DisputeOutcome::Upheld,
            reason: "属实".into(),
            by: id(42),
            at: at(),
        }),
        holds: true,
        released: Some(HoldRelease { reason: "已了结".into(), by: id(45), at: at() }),
        compensation: Some(Compensation {
            amount: Fen(30_000),
            paid_on: at().day(),
            reference: "转账".into(),
            by: id(44),
            at: at(),
        }),
    }
}

/// One of everything.
pub fn saved(salt: &str) -> Saved {
    let person = Person { id: Id::digest(&["person"]), ..Person::new(personal("number"), personal("name")) };
    let account = LedgerAccount {
        id: account_id(line().id, id(5)),
        line: line().id,
        retailer: id(5),
        payable: Fen(1500),
        paid: Fen(500),
        clawback: Fen(0),
    };
    let quota = QuotaUse {
        id: Id::digest(&["quota"]),
        person: person.id,
        scope: PROGRAMME.into(),
        period: 2026,
        live: vec![Counted { voucher: id(1), programme: PROGRAMME.into() }],
        issued: 2,
        lapsed: 1,
    };
    let release = ReleaseUse { id: ReleaseUse::key(line().id, at()), line: line().id, opened: at(), issued: 17 };
    let programme = Programme { id: PROGRAMME.into(), status: ProgrammeStatus::Published, current: 1, latest: 1 };
    let hash = "ab".repeat(32);
    Saved {
        head: Some(Head { seq: 1, hash: hash.clone(), at: at() }),
        audits: vec![AuditRecord { seq: 1, at: at(), subject: "券".into(), body: "{}".into(), hash }],
        done: vec![DoneRow { id: id(30), fingerprint: id(31), outcome: Outcome::Voucher(voucher().into()), at: at() }],
        programmes: vec![programme],
        versions: vec![version()],
        retailers: vec![retailer()],
        account_proposals: vec![account_proposal()],
        assisted_claims: vec![assisted_claim()],
        assistant_uses: vec![assistant_use()],
        stores: vec![store()],
        recyclers: vec![recycler()],
        data_keys: vec![data_key(person.id)],
        persons: vec![person],
        quotas: vec![quota],
        turn_ins: vec![turn_in()],
        vouchers: vec![voucher()],
        redemption_states: vec![redemption_state()],
        adjustment_states: vec![adjustment_state()],
        buckets: vec![bucket()],
        releases: vec![release],
        lines: vec![line()],
        settlements: vec![settlement()],
        holds: vec![LineHold { redemption: id(4), open: vec![Hold { kind: HoldKind::Finding, id: id(60) }] }],
        payment_batches: vec![payment_batch()],
        reconciliation_rows: vec![reconciliation_row()],
        line_rejections: vec![line_rejection()],
        bank_returns: vec![bank_return()],
        repayments: vec![repayment()],
        anomaly_rules: vec![anomaly_rules()],
        anomaly_scans: vec![ScanDay { day: at().day(), rules: 1, findings: 1, at: at() }],
        anomalies: vec![anomaly()],
        disputes: vec![dispute()],
        accounts: vec![account],
        claims: vec![ClaimWrite { key: claim(salt), previous: None, holder: Some(id(4)) }],
        redemptions: vec![redemption()],
        adjustments: vec![adjustment()],
        movements: vec![movement()],
        rollups: vec![entry(1, at(), at())],
        baselines: vec![baseline()],
        off_system: vec![off_system()],
        staff: vec![staff()],
        sessions: vec![session()],
        refresh_tokens: vec![refresh_token()],
        revocations: vec![revocation()],
        tills: vec![till()],
        checkpoints: vec![checkpoint()],
        blocks: vec![Block { number: 0, root: "cd".repeat(32) }],
        attempts: vec![Attempt {
            id: id(40),
            at: at(),
            actor: id(41),
            role: "retailer".into(),
            act: "redeem_voucher".into(),
            subject: "s".into(),
            codes: vec!["WRONG_STATE".into()],
            request_id: "r".into(),
        }],
        forgotten: Vec::new(),
        imports: vec![import()],
        products: vec![product()],
        evidence_files: vec![evidence_file()],
        old_item_steps: vec![old_item_step()],
        pickups: vec![pickup()],
        webhooks: vec![webhook()],
        misses: vec![miss()],
    }
}
